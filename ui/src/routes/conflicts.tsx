// `/conflicts`
import { createRoute } from "@tanstack/react-router";

import { ConflictsPage } from "@/features/conflicts/ConflictsPage";

import { rootRoute } from "./root";

export const conflictsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conflicts",
  component: ConflictsPage,
});
