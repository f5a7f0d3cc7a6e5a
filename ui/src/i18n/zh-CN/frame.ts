// 页面外框：导航、状态栏、键盘，以及启动失败。
import type { frame as en } from "../en/frame";
import type { Words } from "../words";

export const frame = {
  skip: "跳到正文",
  navigation: "导航",
  statusBar: "状态",
  nav: {
    overview: "概览",
    connections: "连接",
    users: "用户",
    refused: "待处理",
    conflicts: "冲突",
    settings: "设置",
  },
  language: "语言",
  switchLanguage: "切换为 {{language}}",
  theme: "主题",
  themes: { auto: "跟随系统", light: "浅色", dark: "深色" },
  switchTheme: "主题：{{theme}}，点击切换",
  keyboard: "键盘操作",
  link: {
    connecting: "正在连接",
    connected: "已连接",
    offline: "离线",
    denied: "访问密钥被拒",
    builtIn: "内置后端",
    offlineSince: "{{host}} 自{{since}}起没有应答。编辑保存在本机，恢复后自动提交。",
    deniedHelp: "后端有应答，但不接受本控制台的访问密钥。",
    connectedTo: "后端地址 {{host}}",
  },
  sync: {
    label: "同步于",
    loading: "正在载入用户",
    notLoaded: "用户尚未载入",
    never: "尚未同步",
    now: "立即同步",
  },
  waiting_other: "{{count}} 项待同步",
  waitingNone: "没有待同步的编辑",
  conflicts_other: "{{count}} 处冲突",
  conflictsNone: "没有冲突",
  environment: {
    sandbox: "沙箱",
    real: "真实微信",
    sandboxHelp: "内置的微信替身：数据不会离开本机。",
    realHelp: "登录会访问真实的微信，涉及真实用户。",
  },
  keptAside: {
    title: "一个损坏或由新版本写入的本地文件已另存",
    text: "正在从后端重新载入用户。尚未同步的编辑仍在保留下来的文件中：",
  },
  shortcuts: {
    title: "键盘操作",
    overview: "前往概览",
    connections: "前往连接",
    users: "前往用户",
    settings: "前往设置",
    search: "搜索",
    close: "关闭当前面板",
    sheet: "显示本说明",
    move: "在列表中移动、打开一行",
    or: "然后",
  },
  startup: {
    heading: "控制台未能启动",
    restart: "重新启动",
    subject: "涉及",
    problems: {
      newer_backend: {
        title: "内置后端的数据由更新版本的腰牌写入",
        meaning: "用当前旧版本打开可能损坏数据，因此已连同本地副本一起加上日期原样另存。",
        advice: "要继续使用这些数据，请安装新版本并恢复两个文件的原名。再次启动当前版本将从空数据开始。",
      },
      damaged_backend: {
        title: "内置后端的数据已损坏",
        meaning: "数据已连同本地的用户与编辑副本一起加上日期另存，没有覆盖任何内容。",
        advice: "请用备份恢复原文件。没有备份时再次启动将从空数据开始。",
      },
      already_running: {
        title: "另一个腰牌正在使用此数据目录",
        meaning: "两个程序同时写同一批文件会损坏数据，因此这个没有启动。",
        advice: "请在已打开的窗口中继续，或先关闭它。也可用 YAOPAI_DATA_DIR 指定另一个目录。",
      },
      data_directory: {
        title: "数据目录不可用",
        meaning: "控制台把文件存放在这里，但无法读取或写入。",
        advice: "检查目录的归属和磁盘空间，或用 YAOPAI_DATA_DIR 指定另一个目录。",
      },
      configuration: {
        title: "设置互相矛盾",
        meaning: "某个环境变量或已保存的设置无法使用。",
        advice: "改正此处列出的设置后重新启动。设置 YAOPAI_SERVER_URL 时必须同时设置 YAOPAI_ACCESS_KEY。",
      },
      embedded_server: {
        title: "内置后端未能启动",
        meaning: "控制台需要后端，而内置的后端无法开始监听。你的数据没有变化。",
        advice: "重新启动。若仍然失败，请复制详情提交工单，或用 YAOPAI_SERVER_URL 连接到服务器。",
      },
    },
  },
} satisfies Words<typeof en>;
