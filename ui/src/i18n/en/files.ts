// What is wrong with a file of users.
import type { FileProblem } from "../../ipc/bindings";

export const files = {
  unusable: {
    title: "The file could not be read or written",
    meaning: "What was done before stays.",
    advice: "Check that the file is there, that you may use it and that the disk has space.",
  },
  changed: {
    title: "The file has changed since it was looked at",
    meaning: "Nothing of it was imported.",
    advice: "Choose it again to see what it would do now.",
  },
  encoding: {
    title: "The file is no text that can be read",
    meaning: "It is not in UTF-8. Tables may also be in UTF-16 or GB18030 (GBK); workbooks are no tables.",
    advice: 'Save it as "CSV UTF-8" and choose it again.',
  },
} satisfies Record<FileProblem["type"], { title: string; meaning: string; advice: string }>;
