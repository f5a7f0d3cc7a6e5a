// 其实是同一个人的两个用户。
import type { merge as en } from "../en/merge";
import type { Words } from "../words";

export const merge = {
  title: "合并两个用户",
  section: "合并",
  none: "最近 30 天内没有用户合并到此用户。",
  open: "与另一用户合并",
  rights: "合并需要管理员。",
  compare: "比较",
  kept: "保留",
  removed: "消失",
  swap: "改为保留另一个",
  differences: "不同之处",
  alike: "两者没有不同的内容。",
  noValue: "无",
  by: "由 {{actor}} 合并",
  result: "合并结果",
  resultIs: "{{name}}，{{status}}，{{bindings}}",
  bindings_other: "{{count}} 个绑定",
  warning: {
    title: "{{name}} 将不复存在",
    bindings_other: "其 {{count}} 个绑定将转到保留的用户。",
    sessions: "以该用户登录的会话将结束。",
    undo: "30 天内可以撤销，此后被改动过的内容除外。",
  },
  action: "合并",
  done: "两个用户已合并",
  undo: "撤销合并",
  undone: "已恢复为两个用户",
  undonePartly: "已恢复为两个用户。合并后改动过的内容保持不变：字段 {{fields}}，绑定 {{bindings}} 个。",
} satisfies Words<typeof en>;
