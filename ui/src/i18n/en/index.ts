// The English catalogue. Its type is the list of phrases that every language must have.
import { common } from "./common";
import { connections } from "./connections";
import { errors } from "./errors";
import { frame } from "./frame";
import { merge } from "./merge";
import { overview } from "./overview";
import { refused } from "./refused";
import { rules } from "./rules";
import { settings } from "./settings";
import { testLogin } from "./testLogin";
import { users } from "./users";
import { wechat } from "./wechat";

export const en = {
  common,
  connections,
  errors,
  frame,
  merge,
  overview,
  refused,
  rules,
  settings,
  testLogin,
  users,
  wechat,
};
