// The tree of pages, and the router that shows one of them.
import type { QueryClient } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, type RouterHistory } from "@tanstack/react-router";

import { conflictsRoute } from "./conflicts";
import { connectionRoute, connectionsRoute, newConnectionRoute } from "./connections";
import { overviewRoute } from "./overview";
import { refusedRoute } from "./refused";
import { rootRoute } from "./root";
import { settingsRoute } from "./settings";
import { importRoute, userRoute, usersRoute } from "./users";

const tree = rootRoute.addChildren([
  overviewRoute,
  connectionsRoute,
  newConnectionRoute,
  connectionRoute,
  importRoute,
  usersRoute.addChildren([userRoute]),
  refusedRoute,
  conflictsRoute,
  settingsRoute,
]);

/** A router over the window's own history, or over a given one. */
export function createPages(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    context: { client },
    scrollRestoration: false,
    defaultPreload: false,
    ...(history ? { history } : {}),
  });
}

/** A history that begins at an address, for tests. */
export const historyAt = (address: string): RouterHistory =>
  createMemoryHistory({ initialEntries: [address] });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPages>;
  }
}
