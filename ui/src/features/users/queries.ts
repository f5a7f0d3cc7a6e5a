// What the pages about people read. Everything under `users`, `conflicts` and `rejected` is read anew when the host says so.
import { queryOptions } from "@tanstack/react-query";

import type { UserId } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

/** One person. */
export const userQuery = (id: UserId) =>
  queryOptions({ queryKey: ["users", id], queryFn: () => call(commands.user(id)) });

/** Conflicts nobody has decided yet, oldest first. */
export const conflictsQuery = queryOptions({
  queryKey: ["conflicts"],
  queryFn: () => call(commands.conflicts()),
});

/** Edits the backend refused for good, oldest first. */
export const rejectedQuery = queryOptions({
  queryKey: ["rejected"],
  queryFn: () => call(commands.rejectedEdits()),
});
