// 用户文件的问题。
import type { files as en } from "../en/files";
import type { Words } from "../words";

export const files = {
  unusable: {
    title: "文件无法读写",
    meaning: "此前已完成的部分会保留。",
    advice: "确认文件存在、有权使用，且磁盘有剩余空间。",
  },
  changed: {
    title: "文件在预览之后有改动",
    meaning: "没有导入任何内容。",
    advice: "重新选择文件，查看现在会导入什么。",
  },
  encoding: {
    title: "无法读取文件中的文字",
    meaning: "它不是 UTF-8 编码。表格还可以是 UTF-16 或 GB18030（GBK）编码；工作簿文件不是表格。",
    advice: "另存为“CSV UTF-8”后重新选择。",
  },
} satisfies Words<typeof en>;
