// 用户列表的筛选，以及保存筛选的视图。
import type { filters as en } from "../en/filters";
import type { Words } from "../words";

export const filters = {
  label: "筛选",
  search: "搜索",
  connection: "连接",
  remove: "移除筛选“{{name}}”",
  clear: "清除筛选",
  refused: "{{shown}} 人被仅登录模式拒绝",
  union: { yes: "已知", no: "未知" },
  sync: { unsynced: "待同步", conflict: "有冲突" },
  spans: { today: "今天", week: "最近 7 天", month: "最近 30 天", year: "最近 365 天" },
  days: {
    from: "从",
    to: "到",
    apply: "应用",
    shape: "日期写作 2026-03-31",
    turned: "早于起始日期",
    since: "{{from}} 起",
    until: "至 {{to}}",
    between: "{{from}} 至 {{to}}",
  },
  views: {
    title: "视图",
    applied: "{{name}}",
    changed: "{{name}}（已改动）",
    none: "视图把搜索、筛选和排序保存在一个名称下。",
    save: "把当前列表存为视图",
    change: "用当前列表更新“{{name}}”",
    name: "视图名称",
    keep: "保存视图",
    rename: "重命名 {{name}}",
    delete: "删除 {{name}}",
    deleteAsked: "删除视图“{{name}}”？用户不受影响。",
  },
} satisfies Words<typeof en>;
