// `/connections`, `/connections/new` and `/connections/$id`
import { createRoute } from "@tanstack/react-router";

import { ConnectionPage } from "@/features/connections/ConnectionPage";
import { ConnectionsPage } from "@/features/connections/ConnectionsPage";
import { NewConnectionPage } from "@/features/connections/NewConnectionPage";

import { rootRoute } from "./root";

export const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connections",
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
  component: () => <ConnectionPage id={connectionRoute.useParams().id} />,
});
