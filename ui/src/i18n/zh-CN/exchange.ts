// 用户的导出与导入。
import type { exchange as en } from "../en/exchange";
import type { Words } from "../words";

export const exchange = {
  formats: {
    csv: { name: "CSV", help: "表格，可用 Excel 打开；自定义数据一键一列。" },
    json_lines: { name: "JSON 行", help: "一行一位用户，包含全部绑定和完整的值。" },
  },
  notAll: {
    title: "用户尚未全部载入：目前 {{shown}} 位",
    export: "只会写入目前已载入的用户。要导出全部用户，请等待载入完成。",
    import:
      "尚未载入的用户视为不存在：带有其 ID 的行不会导入，其他行可能为同一个人再新建一位用户。请等待载入完成，以确保结果准确。",
  },
  export: {
    open: "导出",
    title_other: "导出 {{shown}} 位用户",
    everybody: "本用户池的全部用户，顺序与列表一致。",
    loaded: "目前已载入的全部用户，顺序与列表一致。",
    these: "只导出当前列出的用户，顺序与列表一致：",
    format: "格式",
    inside: "文件以明文包含姓名、手机号和微信标识，以及本机尚未同步的修改；不含任何密钥。",
    action: "选择文件",
  },
  import: {
    open: "导入",
    title: "导入用户",
    purpose: "从 CSV 或 JSON 行文件导入用户及自定义数据。确认预览之前不会写入任何内容。",
    choose: "选择文件",
    nothingYet: "先显示会新建和更改哪些用户。每一行都与普通编辑一样送往后端，且只送一次。",
    written: "表格可使用 UTF-8、UTF-16 或 GB18030（GBK）编码，以逗号、制表符或分号分隔；JSON 行须为 UTF-8。",
    understood: "可识别的列",
    columns: {
      id: "用户 ID。有 ID 的行更改该用户，没有 ID 的行新建用户。",
      nickname: "昵称",
      name: "姓名",
      phone: "手机号，不带国家代码的视为中国号码，仅用于新用户",
      email: "邮箱，仅用于新用户",
      username: "用户名，仅用于新用户",
      metadata: "自定义数据的键，例如 metadata.member_tier；值为 JSON 或文本，空单元格不作更改。",
    },
    rows_other: "{{shown}} 行",
    counts: {
      creates: "位用户将新建",
      updates: "位用户将更改",
      unchanged: "行没有变化",
      errors: "行不导入",
    },
    errors: "不导入的行",
    line: "第 {{line}} 行",
    moreErrors_other: "另有 {{shown}} 行",
    problems: {
      unreadable: "这一行不符合格式，或单元格多于列数。",
      unknown_user: "没有使用此 ID 的用户。",
      repeated: "前面的行已有同一用户。",
      only_for_new_users: "此值只能用于新用户。",
      taken: "本机已有其他用户，或前面的行，使用此值。",
      too_large: "全部内容超出后端一次能接受的单个用户大小（64 KiB）。",
    },
    sample: "前几行的读取结果",
    lineColumn: "行",
    actionColumn: "结果",
    actions: { create: "新建", update: "更改", unchanged: "不变", refused: "不导入" },
    meanings: { id: "用户 ID", metadata: "自定义数据 {{key}}", ignored: "不读取" },
    run_other: "导入 {{shown}} 行",
    nothing: "没有可导入的内容",
    another: "选择其他文件",
    running: "可以离开本页，状态栏会显示进度。",
    done_other: "已新建或更改 {{done}} 位用户",
    ended_other: "结束前已新建或更改 {{done}} 位用户",
    doneMeaning: "内容已保存在本机，正在送往后端。被后端拒绝或与他人冲突的修改会列在“冲突”中。",
    showUnsynced: "查看待同步的用户",
    rights: {
      title: "只有客服和管理员可以导入",
      viewer: "你的角色是只读，不能更改用户。",
    },
  },
} satisfies Words<typeof en>;
