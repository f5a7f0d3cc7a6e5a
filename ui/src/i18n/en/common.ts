// Words that every page uses.
export const common = {
  copy: "Copy",
  copied: "Copied",
  copyRefused: "The clipboard refused",
  copyNamed: "Copy {{what}}",
  copyDetails: "Copy details",
  details: "details",
  cancel: "Cancel",
  close: "Close",
  save: "Save changes",
  discard: "Discard changes",
  unsaved: "Unsaved changes",
  delete: "Delete",
  retry: "Try again",
  dismiss: "Dismiss",
  more: "More actions",
  loading: "Loading",
  justNow: "just now",
  never: "never",
  duration: { seconds: "{{seconds}} s", minutes: "{{minutes}} min", hours: "{{hours}} h {{minutes}} min" },
  kinds: {
    "wechat:pc": {
      name: "Website",
      purpose: "A website on a computer shows a QR code, and people scan it with WeChat.",
    },
    "wechat:webpage-authorization": {
      name: "Web page in WeChat",
      purpose: "A page opened inside WeChat asks who is reading it, from an official account.",
    },
    "wechat:miniprogram:default": {
      name: "Mini program",
      purpose: "A mini program logs its user in without a password, with the code of wx.login.",
    },
    "wechat:miniprogram:qrconnect": {
      name: "Mini program scan",
      purpose: "A website on a computer shows a code that opens a mini program, which says who scanned it.",
    },
    "wechat:miniprogram:app-launch": {
      name: "Mini program from an app",
      purpose: "A mobile app opens a mini program, which logs its user in and returns.",
    },
    "wechat:mobile": {
      name: "Mobile app",
      purpose: "An app on a phone asks the WeChat beside it; on a device without WeChat it shows a QR code.",
    },
    "wechatmp-qrcode": {
      name: "Follow to log in",
      purpose: "A website shows a QR code of an official account; who scans it and follows is logged in.",
    },
  },
  leave: {
    title: "Leave without saving?",
    text: "The changes on this page have not been saved.",
    leave: "Leave and discard",
    stay: "Keep editing",
  },
  confirm: {
    typeName: "Type {{name}} to confirm",
  },
};
