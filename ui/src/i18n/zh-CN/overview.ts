// 概览：数字、入门步骤、最近发生的事。
import type { overview as en } from "../en/overview";
import type { Words } from "../words";

export const overview = {
  title: "概览",
  purpose: "本用户池的现状，以及最近谁尝试了登录。",
  figures: {
    label: "数字",
    users: "用户",
    soFar: "目前已载入",
    notLoaded: "尚未载入",
    connections: "连接",
    enabled: "{{count}} 个已启用",
    waiting: "待同步",
    waitingHelp: "已存在本机，正在提交",
    waitingOffline: "已存在本机，等后端应答",
    waitingNone: "所有编辑都已到达后端",
    sync: "上次同步",
  },
  steps: {
    title: "入门",
    done: "已完成",
    next: "下一步",
    connection: { title: "创建连接", text: "把你在微信注册的应用对接到本用户池。" },
    test: { title: "测试登录", text: "生成二维码，扫一扫，看清每个步骤。" },
    person: { title: "找到这个人", text: "扫码的人会出现在用户列表里。" },
    edit: { title: "编辑自定义数据", text: "编辑立即保存在本机，并同步到后端。" },
  },
  attempts: {
    title: "最近的登录尝试",
    empty: "还没有人尝试登录。",
    connection: "连接",
    result: "结果",
    purpose: "用途",
    when: "时间",
    dryRun: "演练",
    deletedConnection: "已删除的连接",
    unknownConnection: "未知",
    purposes: { test: "测试", login: "登录" },
  },
} satisfies Words<typeof en>;
