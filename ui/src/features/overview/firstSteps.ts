// Which of the first steps are done, read from what is really there.
import type { Connection, LoginAttempt, UserDetail, UserId } from "@/ipc/bindings";
import { wasEditSynced } from "@/lib/editSynced";

/** The steps in their order. */
export const stepNames = ["connection", "test", "person", "edit"] as const;

/** One of the steps. */
export type StepName = (typeof stepNames)[number];

/** The person of the latest attempt that ended with one. */
export function latestPerson(attempts: LoginAttempt[]): UserId | null {
  for (const { verdict } of attempts) {
    if (verdict && "user_id" in verdict && verdict.user_id) return verdict.user_id;
  }
  return null;
}

/** Whether each step is done. */
export function stepsDone(
  connections: Connection[],
  attempts: LoginAttempt[],
  person: UserDetail | undefined,
): Record<StepName, boolean> {
  return {
    connection: connections.length > 0,
    test: attempts.some(({ state }) => state === "decided"),
    person: person !== undefined,
    edit: wasEditSynced() || (person?.metadata.some(({ sync }) => sync === "synced") ?? false),
  };
}
