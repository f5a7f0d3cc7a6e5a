// The English catalogue. Its type is the list of phrases that every language must have.
import { common } from "./common";
import { connections } from "./connections";
import { errors } from "./errors";
import { exchange } from "./exchange";
import { filters } from "./filters";
import { frame } from "./frame";
import { jobs } from "./jobs";
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
  exchange,
  filters,
  frame,
  jobs,
  merge,
  overview,
  refused,
  rules,
  settings,
  testLogin,
  users,
  wechat,
};
