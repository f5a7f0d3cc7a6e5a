// `/conflicts`
import { createRoute } from "@tanstack/react-router";

import { rootRoute } from "./root";

export const conflictsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conflicts",
  component: () => null,
});
