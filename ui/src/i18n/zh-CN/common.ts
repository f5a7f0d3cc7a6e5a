// 各页面共用的词。
import type { common as en } from "../en/common";
import type { Words } from "../words";

export const common = {
  copy: "复制",
  copied: "已复制",
  copyRefused: "剪贴板不可用",
  copyNamed: "复制{{what}}",
  copyDetails: "复制详情",
  details: "详情",
  cancel: "取消",
  close: "关闭",
  save: "保存更改",
  discard: "放弃更改",
  unsaved: "有未保存的更改",
  delete: "删除",
  retry: "重试",
  dismiss: "知道了",
  more: "更多操作",
  loading: "正在载入",
  justNow: "刚刚",
  never: "从未",
  duration: {
    seconds: "{{seconds}} 秒",
    minutes: "{{minutes}} 分钟",
    hours: "{{hours}} 小时 {{minutes}} 分钟",
  },
  kinds: {
    "wechat:pc": {
      name: "网站应用",
      purpose: "电脑上的网站显示二维码，用户用微信扫一扫登录。",
    },
    "wechat:webpage-authorization": {
      name: "微信内网页",
      purpose: "在微信里打开的网页，通过公众号识别当前用户。",
    },
    "wechat:miniprogram:default": {
      name: "小程序",
      purpose: "小程序用 wx.login 得到的 code 登录，用户无需密码。",
    },
    "wechat:miniprogram:qrconnect": {
      name: "小程序扫码",
      purpose: "电脑上的网站显示小程序码，用户扫码打开小程序确认登录。",
    },
    "wechat:miniprogram:app-launch": {
      name: "App 拉起小程序",
      purpose: "手机 App 拉起小程序，由小程序完成登录后返回。",
    },
    "wechat:mobile": {
      name: "移动应用",
      purpose: "手机 App 调起微信授权；没有微信的设备显示二维码扫码登录。",
    },
    "wechatmp-qrcode": {
      name: "关注公众号登录",
      purpose: "网站显示公众号带参数二维码，扫码并关注即可登录。",
    },
  },
  leave: {
    title: "不保存就离开？",
    text: "本页的更改尚未保存。",
    leave: "放弃并离开",
    stay: "继续编辑",
  },
  confirm: {
    typeName: "输入 {{name}} 以确认",
  },
} satisfies Words<typeof en>;
