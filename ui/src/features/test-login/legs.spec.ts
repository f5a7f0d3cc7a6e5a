import { describe, expect, it } from "vitest";

import { startI18n } from "@/i18n/i18n";
import type { AttemptState, Leg, LoginAttempt, Verdict } from "@/ipc/bindings";

import { answerLines, duration, ending, type Ending } from "./legs";

const leg = (name: Leg["name"], outcome: Leg["outcome"]): Leg => ({
  name,
  started_at: 0,
  took_ms: outcome === "running" ? null : 5,
  outcome,
  request: null,
  answer: [],
  failure: null,
});

const attempt = (state: AttemptState, legs: Leg[], verdict: Verdict | null = null): LoginAttempt => ({
  id: "a",
  connection_id: "c",
  kind: "wechat:pc",
  purpose: "test",
  via: null,
  dry_run: false,
  state,
  created_at: 0,
  expires_at: 1,
  finished_at: null,
  legs,
  verdict,
});

const refuse: Verdict = {
  outcome: "refuse",
  refusal: "login_only",
  person: { open_id: "o", union_id: null, nickname: null, avatar_url: null, anonymous: false },
};

describe("how a leg ended", () => {
  it.each<[string, LoginAttempt, Ending[]]>([
    [
      "goes well until the person refuses",
      attempt("refused", [leg("qr_page", "done"), leg("long_poll", "done")]),
      ["done", "refused"],
    ],
    ["is refused by a rule", attempt("decided", [leg("resolve", "done")], refuse), ["refused"]],
    ["does not go on after the end", attempt("expired", [leg("long_poll", "running")]), ["skipped"]],
    ["runs while the attempt does", attempt("waiting", [leg("long_poll", "running")]), ["running"]],
    ["stays failed", attempt("failed", [leg("code_exchange", "failed")]), ["failed"]],
  ])("%s", (_name, of, expected) => {
    expect(of.legs.map((one) => ending(one, of))).toEqual(expected);
  });
});

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [56_502, "56.5 s"],
    [59_960, "1 min 0 s"],
    [125_000, "2 min 5 s"],
  ])("%i", (milliseconds, said) => {
    expect(duration(startI18n("en").t, milliseconds)).toBe(said);
  });
});

it("says the request id of a leg once", () => {
  const failure = { type: "we_chat" as const, errcode: 40125, errmsg: "invalid appsecret", rid: "66f1" };
  const failed = {
    ...leg("code_exchange", "failed"),
    failure,
    answer: ["errcode: 40125", "errmsg: invalid appsecret, rid: 66f1", "rid: 66f1"],
  };
  expect(answerLines(failed)).toEqual(["errcode: 40125", "errmsg: invalid appsecret"]);
});
