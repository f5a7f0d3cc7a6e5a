// What the pages about refused people read: the replica, so that it works without the backend as well.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import type { RefusedQuery } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

const pageSize = 50;

/** Whom to list; kept in the address. */
export interface RefusedSearch {
  search?: string;
  /** The id of a connection. */
  connection?: string;
}

/** Reads the question from an address; what is not understood is left out. */
export function refusedSearch(given: Record<string, unknown>): RefusedSearch {
  const text = (name: string) =>
    typeof given[name] === "string" || typeof given[name] === "number" ? `${given[name]}` : "";
  const [search, connection] = [text("search"), text("connection")];
  return { ...(search ? { search } : {}), ...(connection ? { connection } : {}) };
}

const questionOf = ({ search = "", connection }: RefusedSearch): RefusedQuery => ({
  search,
  connection: connection ?? null,
});

/** The people whom a connection refused, latest first. */
export const refusedQuery = (asked: RefusedSearch) =>
  infiniteQueryOptions({
    queryKey: ["refused", "list", asked],
    queryFn: ({ pageParam }) =>
      call(commands.refusedPeople({ ...questionOf(asked), after: pageParam, limit: pageSize })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.after,
    // Who opens the page sees it as it is now.
    staleTime: 0,
  });

/** How many a question means. */
export const refusedCountQuery = (asked: RefusedSearch) =>
  queryOptions({
    queryKey: ["refused", "count", asked],
    queryFn: () => call(commands.refusedPeople({ ...questionOf(asked), after: null, limit: 0 })),
    select: ({ total }) => total,
  });
