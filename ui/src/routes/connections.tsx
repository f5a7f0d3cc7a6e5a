// `/connections`, `/connections/new` and `/connections/$id`
import { createRoute } from "@tanstack/react-router";

import { ConnectionPage } from "@/features/connections/ConnectionPage";
import { ConnectionsPage } from "@/features/connections/ConnectionsPage";
import { NewConnectionPage } from "@/features/connections/NewConnectionPage";

import { rootRoute } from "./root";

/** `?test=<connection id>`: the test login of that connection is open beside the page. */
const testSearch = (search: Record<string, unknown>): { test?: string } =>
  typeof search["test"] === "string" ? { test: search["test"] } : {};

export const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connections",
  validateSearch: testSearch,
  component: ConnectionsPage,
});

export const newConnectionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connections/new",
  component: NewConnectionPage,
});

export const connectionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connections/$id",
  validateSearch: testSearch,
  component: () => <ConnectionPage id={connectionRoute.useParams().id} />,
});
