// The Chinese catalogue; the compiler says when a phrase is missing.
import type { en } from "../en";
import type { Words } from "../words";
import { common } from "./common";
import { connections } from "./connections";
import { errors } from "./errors";
import { frame } from "./frame";
import { overview } from "./overview";
import { rules } from "./rules";
import { settings } from "./settings";
import { testLogin } from "./testLogin";
import { users } from "./users";
import { wechat } from "./wechat";

export const zhCN = {
  common,
  connections,
  errors,
  frame,
  overview,
  rules,
  settings,
  testLogin,
  users,
  wechat,
} satisfies Words<typeof en>;
