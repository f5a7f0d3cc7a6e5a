import { describe, expect, it } from "vitest";

import type { AttemptState, Leg, LoginAttempt, TestLoginView } from "@/ipc/bindings";

import { newer, notStarted, testLogin, type TestLogin } from "./attemptState";

const leg = (took_ms: number | null): Leg => ({
  name: "long_poll",
  started_at: 0,
  took_ms,
  outcome: took_ms === null ? "running" : "done",
  request: null,
  answer: [],
  failure: null,
});

const attempt = (state: AttemptState, legs: Leg[] = [], id = "a"): LoginAttempt => ({
  id,
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
  verdict: null,
});

const view = (drawn: LoginAttempt): TestLoginView => ({
  attempt: drawn,
  qr: { text: null, data_url: "", has_svg: true },
  reachable_from_phone: true,
  callback_host: null,
});

const running: TestLogin = { ...notStarted, run: 1 };

describe("newer", () => {
  it.each<[string, LoginAttempt, LoginAttempt, "known" | "heard"]>([
    ["goes on", attempt("waiting"), attempt("scanned"), "heard"],
    ["does not go back when a change is late", attempt("confirmed"), attempt("scanned"), "known"],
    ["takes a leg more", attempt("confirmed", [leg(1)]), attempt("confirmed", [leg(1), leg(null)]), "heard"],
    ["takes a leg that ended", attempt("confirmed", [leg(null)]), attempt("confirmed", [leg(5)]), "heard"],
    ["keeps the leg that ended", attempt("confirmed", [leg(5)]), attempt("confirmed", [leg(null)]), "known"],
    ["keeps a final state", attempt("expired"), attempt("decided"), "known"],
    ["does not hear another attempt", attempt("waiting"), attempt("decided", [], "b"), "known"],
  ])("%s", (_name, known, heard, wins) => {
    expect(newer(known, heard)).toBe(wins === "known" ? known : heard);
  });
});

describe("testLogin", () => {
  it("hears nothing of an abandoned run", () => {
    const state = testLogin(running, { type: "begin", run: 2 });
    expect(testLogin(state, { type: "changed", run: 1, attempt: attempt("scanned") })).toBe(state);
    expect(testLogin(state, { type: "started", run: 1, view: view(attempt("waiting")) })).toBe(state);
  });

  it("keeps a change that overtook the answer to the start", () => {
    const early = testLogin(running, { type: "changed", run: 1, attempt: attempt("scanned") });
    const started = testLogin(early, { type: "started", run: 1, view: view(attempt("waiting")) });
    expect(started.attempt?.state).toBe("scanned");
    expect(started.view).not.toBeNull();
  });

  it("ends the same whatever order and however often the changes arrive", () => {
    const story = [
      attempt("waiting", [leg(null)]),
      attempt("scanned", [leg(null)]),
      attempt("decided", [leg(9)]),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 1, 2, 0],
      [0, 2, 2, 1, 0],
    ]) {
      const end = order.reduce<TestLogin>((state, index) => {
        const heard = story[index];
        return heard ? testLogin(state, { type: "changed", run: 1, attempt: heard }) : state;
      }, running);
      expect(end.attempt).toEqual(story[2]);
    }
  });

  it("forgets the error of the last code when another is drawn", () => {
    const failed = testLogin(running, { type: "failed", run: 1, error: new Error("x") });
    expect(testLogin(failed, { type: "begin", run: 2 }).error).toBeNull();
  });
});
