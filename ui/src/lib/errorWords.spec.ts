import { getFixedT } from "i18next";
import { describe, expect, it } from "vitest";

import { en } from "@/i18n/en";
import type { ErrorView, Failure, Verdict, WeChatPerson } from "@/ipc/bindings";

import {
  errorWords,
  failureWords,
  refusalWords,
  rejectionWords,
  ticketText,
  verdictWords,
  type Words,
} from "./errorWords";

const english = getFixedT("en");
const chinese = getFixedT("zh-CN");

const names = <T extends object>(of: T) => Object.keys(of) as (keyof T & string)[];
const person: WeChatPerson = {
  open_id: "oGZU1",
  union_id: null,
  nickname: "林知夏",
  avatar_url: null,
  anonymous: false,
};
const wechat = (errcode: number) => ({ errcode, errmsg: "invalid appsecret rid: 1-2", rid: "1-2" });
const backend = (code: keyof typeof en.errors.codes): ErrorView => ({
  type: "backend",
  problem: { status: 400, code, detail: "no", host: "api.weixin.qq.com:443" },
});
const failures: Failure[] = [
  { type: "we_chat", ...wechat(40163) },
  { type: "unreachable", host: "api.weixin.qq.com:443" },
  { type: "unexpected_answer", host: "api.weixin.qq.com:443", what: "no openid" },
  { type: "page_refused", message: "redirect_uri 参数错误" },
];
const views: ErrorView[] = [
  { type: "invalid_fields", fields: [{ field: "key", rule: "required" }] },
  { type: "backend_unreachable", host: "127.0.0.1:40817" },
  { type: "not_found" },
  { type: "still_loading" },
  { type: "not_a_backend", host: "id.example.com", what: "HTTP status 404 Not Found without an explanation" },
  { type: "local_store", detail: "disk full" },
  { type: "desktop", detail: "no clipboard" },
  { type: "exchange", file: "users.csv", problem: { type: "unusable", detail: "no such file" } },
  { type: "exchange", file: "users.csv", problem: { type: "changed" } },
  { type: "exchange", file: "users.csv", problem: { type: "encoding" } },
  ...names(en.errors.codes).map(backend),
];

describe.each([
  ["English", english],
  ["Chinese", chinese],
] as const)("in %s", (_language, t) => {
  const all: [string, Words][] = [
    ...views.map((view): [string, Words] => [JSON.stringify(view), errorWords(t, view)]),
    ...failures.map((failure): [string, Words] => [failure.type, failureWords(t, failure)]),
    ...names(en.errors.refusals).map((one): [string, Words] => [one, refusalWords(t, one)]),
    ...names(en.errors.rejections).map((one): [string, Words] => [one, rejectionWords(t, one)]),
    ...names(en.wechat.codes).map((code): [string, Words] => [
      `errcode ${code}`,
      failureWords(t, { type: "we_chat", ...wechat(Number(code)) }),
    ]),
  ];

  it.each(all)("%s has a headline, a meaning and an advice without gaps", (_name, words) => {
    for (const part of [words.title, words.meaning, words.advice]) {
      expect(part).not.toBe("");
      // A gap that was not filled, or a key where the phrase is missing.
      expect(part).not.toMatch(/\{\{|^(errors|wechat)\./);
    }
    expect(words.details).not.toBe("");
  });

  it("gives an unknown number a general sentence that names it", () => {
    const words = failureWords(t, { type: "we_chat", ...wechat(99_999) });
    expect(words.meaning).toContain("99999");
    expect(words.advice).toContain("rid");
  });
});

it("says WeChat's own words when its page refuses to draw a code", () => {
  const refused = { status: 502, code: "wechat_page_refused", detail: "redirect_uri 参数错误" } as const;
  for (const t of [english, chinese]) {
    expect(errorWords(t, { type: "backend", problem: refused }).meaning).toContain("redirect_uri 参数错误");
  }
});

it("says every phrase in another way in the other language", () => {
  const same = names(en.wechat.codes).filter(
    (code) => english(`wechat.codes.${code}.meaning`) === chinese(`wechat.codes.${code}.meaning`),
  );
  expect(same).toEqual([]);
});

it("tells a wrong AppSecret apart, with WeChat's own words in the details", () => {
  const words = errorWords(english, {
    type: "backend",
    problem: { status: 502, code: "wechat_refused", detail: "WeChat refused", wechat: wechat(40125) },
  });
  expect(words.title).toBe("WeChat refused: 40125");
  expect(words.meaning).toContain("AppSecret is wrong");
  expect(words.advice).toContain("Copy the present AppSecret");
  expect(words.details).toContain("errmsg: invalid appsecret rid: 1-2\nrid: 1-2");
  expect(ticketText(words).split("\n")[0]).toBe(words.title);
});

const verdicts: [string, Verdict, boolean, string][] = [
  [
    "a login",
    { outcome: "log_in", user_id: "u", name: "王小明", union_id_added: false, person },
    false,
    "王小明 logged in",
  ],
  [
    "a login in a dry run",
    { outcome: "log_in", user_id: "u", name: null, union_id_added: false, person },
    true,
    "林知夏 would log in",
  ],
  ["a new user", { outcome: "create", user_id: "u", person }, false, "林知夏 was created as a new user"],
  [
    "a new user in a dry run, whom WeChat gave everybody's name",
    { outcome: "create", user_id: null, person: { ...person, nickname: "微信用户", anonymous: true } },
    true,
    "An unnamed person would be created as a new user",
  ],
  [
    "a refusal",
    { outcome: "refuse", refusal: "login_only", person },
    false,
    "林知夏 was refused: nobody here has this WeChat identity",
  ],
  [
    "a refusal in a dry run",
    { outcome: "refuse", refusal: "two_users", person },
    true,
    "林知夏 would be refused: OpenID and UnionID belong to two users",
  ],
  [
    "a failure",
    { outcome: "fail", leg: "code_exchange", failure: { type: "we_chat", ...wechat(40029) } },
    false,
    'It broke at "Exchange the code": WeChat refused: 40029',
  ],
];

it.each(verdicts)("says %s in a full sentence", (_name, verdict, dryRun, title) => {
  expect(verdictWords(english, verdict, dryRun).title).toBe(title);
});

it("mentions a UnionID that became known", () => {
  const verdict: Verdict = { outcome: "log_in", user_id: "u", name: "王", union_id_added: true, person };
  expect(verdictWords(chinese, verdict, false).advice).toContain("已补充");
  expect(verdictWords(chinese, verdict, true).advice).toContain("会补充");
});
