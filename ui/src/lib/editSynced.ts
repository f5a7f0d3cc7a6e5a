// Whether an edit made on this machine ever reached the backend; the last of the first steps.
import type { Status } from "@/ipc/bindings";

const stored = "yaopai.edit-synced";

/** Whether it ever happened. */
export const wasEditSynced = (): boolean => localStorage.getItem(stored) === "yes";

/** Remembers it when the backend has answered an edit that waited, and no conflict came of it. */
export function noteSyncedEdit(before: Status | undefined, now: Status): void {
  if (!before || now.link.type !== "connected") return;
  if (now.waiting < before.waiting && now.conflicts <= before.conflicts) localStorage.setItem(stored, "yes");
}
