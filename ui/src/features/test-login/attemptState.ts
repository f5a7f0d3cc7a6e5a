// Where a test login stands. Changes may come late, twice or before the answer to the start; the newest one wins.
import type { AttemptState, LoginAttempt, TestLoginView } from "@/ipc/bindings";

/** The panel's state: a run is one drawn code. */
export interface TestLogin {
  run: number;
  /** The drawn code, once the backend answered. */
  view: TestLoginView | null;
  /** The newest known state of the attempt. */
  attempt: LoginAttempt | null;
  /** Why the code could not be drawn. */
  error: unknown;
}

/** What can happen to it. Everything names its run, so that an abandoned one is not heard. */
export type TestLoginEvent =
  | { type: "begin"; run: number }
  | { type: "started"; run: number; view: TestLoginView }
  | { type: "changed"; run: number; attempt: LoginAttempt }
  | { type: "failed"; run: number; error: unknown };

export const notStarted: TestLogin = { run: 0, view: null, attempt: null, error: null };

const progress: Record<AttemptState, number> = {
  waiting: 0,
  scanned: 1,
  confirmed: 2,
  decided: 3,
  refused: 3,
  expired: 3,
  cancelled: 3,
  failed: 3,
};

/** Whether nothing follows a state. */
export const isFinal = (state: AttemptState): boolean => progress[state] === 3;

const finishedLegs = (attempt: LoginAttempt) => attempt.legs.filter(({ took_ms }) => took_ms !== null).length;

/** The newer of two states of one attempt. A final state stays, whatever comes after. */
export function newer(known: LoginAttempt | null, heard: LoginAttempt): LoginAttempt {
  if (!known || known.id !== heard.id) return known ?? heard;
  if (isFinal(known.state)) return known;
  const order = (attempt: LoginAttempt) => [
    progress[attempt.state],
    attempt.legs.length,
    finishedLegs(attempt),
  ];
  const [before, after] = [order(known), order(heard)];
  const decisive = before.findIndex((value, index) => value !== after[index]);
  return decisive >= 0 && (after[decisive] ?? 0) < (before[decisive] ?? 0) ? known : heard;
}

/** The next state. */
export function testLogin(state: TestLogin, event: TestLoginEvent): TestLogin {
  if (event.type === "begin") return { ...notStarted, run: event.run };
  if (event.run !== state.run) return state;
  switch (event.type) {
    case "started":
      return {
        ...state,
        view: event.view,
        // A change may have overtaken the answer.
        attempt:
          state.attempt?.id === event.view.attempt.id
            ? newer(state.attempt, event.view.attempt)
            : event.view.attempt,
      };
    case "changed":
      return { ...state, attempt: newer(state.attempt, event.attempt) };
    case "failed":
      return { ...state, error: event.error };
  }
}
