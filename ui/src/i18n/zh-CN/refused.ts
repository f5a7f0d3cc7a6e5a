// 被连接拒绝的人：列表，以及对每个人可以做什么。
import type { refused as en } from "../en/refused";
import type { Words } from "../words";

export const refused = {
  title: "被拒登录",
  purpose: "尝试登录但被拒绝的人。可以绑定到已有用户、作为新用户放行，或移出列表。",
  search: "昵称、OpenID、UnionID",
  searchLabel: "查找被拒绝的人",
  count_other: "{{shown}} 人",
  asOfLastSync: "截至上次同步",
  notFound: {
    title: "没有符合的人",
    text: "查找范围是被拒绝者的昵称、OpenID 和 UnionID。",
    action: "查看全部",
  },
  unnamed: "昵称未知",
  times_other: "来过 {{count}} 次",
  last: "最近",
  more: "显示更多",
  admit: "作为新用户放行",
  admitted: "{{name}} 已成为新用户，可以登录",
  forget: "移出列表",
  forgetHelp: "移出列表，直到此人再次登录。不会改变其他任何内容。",
  forgotten: "已将 {{name}} 移出列表",
  merge: "合并这两个用户",
  bind: {
    open: "绑定到用户",
    title: "{{name}} 是哪位用户？",
    meaning: "{{name}} 下次登录时就是用户 {{user}}，拥有该用户的一切。",
    blocked: "{{user}} 已被禁用，解除之前无法登录。",
    action: "绑定",
    done: "已将 {{name}} 绑定到 {{user}}",
  },
  empty: {
    title: "没有人被拒绝",
    text: "仅登录模式的连接只允许已有用户登录。被拒绝的人会列在这里，客服一步即可绑定到已有用户。",
    action: "查看连接",
  },
  rights: {
    title: "只有客服和管理员可以查看和放行",
    viewer: "你的角色是只读：本机没有被拒绝者的名单。",
  },
} satisfies Words<typeof en>;
