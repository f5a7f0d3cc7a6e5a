// 控制台设置。
import type { settings as en } from "../en/settings";
import type { Words } from "../words";

export const settings = {
  title: "设置",
  purpose: "控制台的外观，以及它使用哪个后端、哪个微信。",
  appearance: "外观",
  rows: "列表行高",
  rowsComfortable: "宽松",
  rowsCompact: "紧凑",
  backend: {
    title: "后端",
    kind: "运行方式",
    embedded: "内置于本程序",
    remote: "在服务器上",
    address: "地址",
    dataDir: "数据目录",
    version: "版本",
    versions: "控制台 {{console}}，后端 {{backend}}",
    pool: "用户池",
    role: "角色",
    roles: { viewer: "viewer：只读", support: "support：查看并编辑用户", admin: "admin：全部权限" },
  },
  wechat: {
    title: "微信",
    sandbox: "沙箱",
    sandboxText: "内置的微信替身，带有测试应用、测试用户和模拟手机。数据不会离开本机。",
    real: "真实微信",
    realText: "用你自己的 AppID 和 AppSecret 访问微信。没有公网地址的电脑也能测试网站应用。",
    label: "内置后端连接哪个微信",
    changed: "下次启动时生效。",
    restart: "立即重启",
    remote: "连接哪个微信由服务器决定：{{which}}。",
    unknown: "离线时无法得知",
    sandboxAddress: "沙箱",
    open: "在浏览器中打开",
    openHelp: "测试应用、测试用户和模拟手机。",
  },
  server: {
    title: "使用服务器",
    text: "团队可以共用一个后端。设置以下两个环境变量后重新启动控制台，内置后端便不再运行。",
    url: "后端的地址。",
    key: "服务器 bootstrap 文件中的访问密钥。",
    now: "当前控制台正是这样运行的。",
  },
} satisfies Words<typeof en>;
