// The legs of an attempt as the timeline shows them: what ended each, and which of them waited for a person.
import type { TFunction } from "i18next";

import type { Leg, LegName, LegOutcome, LoginAttempt } from "@/ipc/bindings";

import { isFinal } from "./attemptState";

/** How a leg ended, for people: one that brought a refusal did not go well, though nothing broke. */
export type Ending = LegOutcome | "refused";

/** A person takes as long as a person takes; beside that the milliseconds of servers would be invisible. */
const human: ReadonlySet<LegName> = new Set([
  "long_poll",
  "authorize",
  "mini_program_scan",
  "follow_scan",
  "app_launch",
]);

/** Whether a leg's time is a person's. */
export const waitsForPerson = (leg: Leg): boolean => human.has(leg.name);

/** Whether a leg that waited for the scan now waits for what follows it. */
export const isPastScan = (leg: Leg, attempt: LoginAttempt): boolean =>
  attempt.state === "scanned" && leg.outcome === "running" && waitsForPerson(leg);

/** How a leg ended, seen from the end of its attempt. */
export function ending(leg: Leg, attempt: LoginAttempt): Ending {
  const last = leg === attempt.legs.at(-1);
  if (attempt.state === "refused" && last) return "refused";
  if (attempt.verdict?.outcome === "refuse" && leg.name === "resolve") return "refused";
  // A leg that still ran when the attempt ended will not go on.
  return leg.outcome === "running" && isFinal(attempt.state) ? "skipped" : leg.outcome;
}

/** What was answered, without the request id, which stands on its own. */
export function answerLines(leg: Leg): string[] {
  const rid = requestId(leg);
  if (!rid) return leg.answer;
  // WeChat repeats it at the end of its errmsg.
  return leg.answer.map((line) => line.replace(`rid: ${rid}`, "").replace(/[\s,]+$/, "")).filter(Boolean);
}

/** WeChat's id of a call that failed. */
export const requestId = (leg: Leg): string | null =>
  leg.failure?.type === "we_chat" ? leg.failure.rid : null;

/** `97 ms`, `56.5 s`, `2 min 5 s`. */
export function duration(t: TFunction, milliseconds: number): string {
  if (milliseconds < 1_000) return t("testLogin.took.ms", { ms: milliseconds });
  if (milliseconds < 59_950) return t("testLogin.took.s", { s: (milliseconds / 1_000).toFixed(1) });
  const seconds = Math.round(milliseconds / 1_000);
  return t("testLogin.took.min", { min: Math.floor(seconds / 60), s: seconds % 60 });
}
