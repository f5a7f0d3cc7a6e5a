// What the pages about people read. Everything under `users`, `conflicts` and `rejected` is read anew when the host says so.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

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

/** Refused edits that are read at once: an import can have as many as it has rows. */
const rejectedPageSize = 50;

/** Edits the backend refused for good, newest first. */
export const rejectedQuery = infiniteQueryOptions({
  queryKey: ["rejected"],
  queryFn: ({ pageParam }) => call(commands.rejectedEdits(pageParam, rejectedPageSize)),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.after,
});
