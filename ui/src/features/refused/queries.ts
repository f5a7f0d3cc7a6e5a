// What the pages about refused people read. The backend tells nobody when somebody is refused, so it is asked.
import { infiniteQueryOptions } from "@tanstack/react-query";

import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

const pageSize = 50;
const often = 30_000;

/** The people whom a connection refused, latest first. */
export const refusedQuery = infiniteQueryOptions({
  queryKey: ["refused"],
  queryFn: ({ pageParam }) => call(commands.refused(pageParam, pageSize)),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.after,
  refetchInterval: often,
  // Who opens the page sees it as it is now.
  staleTime: 0,
});
