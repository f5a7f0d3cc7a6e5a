// What the filters of a list read.
import { queryOptions } from "@tanstack/react-query";

import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

/** The saved views, by name. */
export const savedViewsQuery = queryOptions({
  queryKey: ["views"],
  queryFn: () => call(commands.savedViews()),
  staleTime: Infinity,
});
