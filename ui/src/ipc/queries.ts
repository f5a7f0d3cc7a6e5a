// What the window reads from its host: one query each, named once, kept fresh by the host's events.
import { QueryClient, queryOptions } from "@tanstack/react-query";

import { commands, events } from "@/ipc/host";
import { noteSyncedEdit } from "@/lib/editSynced";

import type { ConnectionId } from "./bindings";
import { call } from "./call";

/** How the program started. */
export const startupQuery = queryOptions({
  queryKey: ["startup"],
  queryFn: () => commands.startup(),
  staleTime: Infinity,
});

/** The status line. */
export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => call(commands.status()),
  staleTime: Infinity,
});

/** What this program is. */
export const aboutQuery = queryOptions({
  queryKey: ["about"],
  queryFn: () => commands.about(),
  staleTime: Infinity,
});

/** The connections, by display name. */
export const connectionsQuery = queryOptions({
  queryKey: ["connections"],
  queryFn: () => call(commands.connections()),
});

/** The connections as the replica knows them: their names, with or without the backend. */
export const knownConnectionsQuery = queryOptions({
  queryKey: [...connectionsQuery.queryKey, "known"],
  queryFn: () => call(commands.knownConnections()),
});

/** What deleting a connection would mean. */
export const connectionUsageQuery = (id: ConnectionId) =>
  queryOptions({
    queryKey: ["connections", id, "usage"],
    queryFn: () => call(commands.connectionUsage(id)),
    staleTime: 0,
  });

/** The test apps of the sandbox. */
export const sandboxAppsQuery = queryOptions({
  queryKey: ["sandbox-apps"],
  queryFn: () => commands.sandboxApps(),
  staleTime: Infinity,
});

/** The latest attempts, newest first. */
export const attemptsQuery = (limit: number) =>
  queryOptions({ queryKey: ["attempts", limit], queryFn: () => call(commands.attempts(limit)) });

/** Long work, in the order in which it began. */
export const jobsQuery = queryOptions({ queryKey: ["jobs"], queryFn: () => call(commands.jobs()) });

/** A cache for one window. Errors show at once: the host has already tried, and it answers from this machine. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, networkMode: "always", refetchOnWindowFocus: false, staleTime: 30_000 },
      mutations: { networkMode: "always" },
    },
  });
}

/** Keeps the cache as fresh as the host's events say. Answers how to stop. */
export function followEvents(client: QueryClient): () => void {
  const listening = [
    events.statusChanged((status) => {
      const before = client.getQueryData(statusQuery.queryKey);
      client.setQueryData(statusQuery.queryKey, status);
      noteSyncedEdit(before, status);
      // What failed while the backend was away is asked again without anybody pressing a button.
      if (status.link.type === "connected" && before?.link.type !== "connected") {
        client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== statusQuery.queryKey[0] });
      }
    }),
    events.connectionsChanged(() => client.invalidateQueries({ queryKey: connectionsQuery.queryKey })),
    events.jobsChanged(() => client.invalidateQueries({ queryKey: jobsQuery.queryKey })),
    events.usersChanged(() => {
      client.invalidateQueries({ queryKey: ["users"] });
      client.invalidateQueries({ queryKey: ["conflicts"] });
      client.invalidateQueries({ queryKey: ["rejected"] });
      client.invalidateQueries({ queryKey: ["refused"] });
      client.invalidateQueries({ queryKey: ["attempts"] });
    }),
  ];
  return () => listening.forEach((stop) => stop.then((end) => end()));
}
