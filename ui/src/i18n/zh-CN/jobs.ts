// 耗时任务：载入、导出、导入。
import type { jobs as en } from "../en/jobs";
import type { Words } from "../words";

export const jobs = {
  title: "任务",
  kinds: {
    first_load: "正在载入用户",
    reset: "正在重新载入用户",
    export: "导出到 {{file}}",
    import: "导入 {{file}}",
  },
  phases: { rows: "1/3 数据", indexes: "2/3 列表排序", search: "3/3 搜索索引" },
  states: { running: "进行中", paused: "已暂停", done: "已完成", cancelled: "已取消", failed: "失败" },
  done_other: "{{done}} 行",
  doneOf: "{{done}} / {{total}} 行",
  rate: "每秒 {{rate}} 行",
  left: "剩余 {{time}}",
  cancel: "取消",
  pause: "暂停",
  resume: "继续",
  putAway: "收起",
} satisfies Words<typeof en>;
