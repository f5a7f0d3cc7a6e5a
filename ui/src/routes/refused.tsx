// `/refused`
import { createRoute } from "@tanstack/react-router";

import { RefusedPage } from "@/features/refused/RefusedPage";

import { rootRoute } from "./root";

export const refusedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/refused",
  component: RefusedPage,
});
