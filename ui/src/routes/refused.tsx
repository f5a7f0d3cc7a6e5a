// `/refused`
import { createRoute } from "@tanstack/react-router";

import { refusedSearch } from "@/features/refused/queries";
import { RefusedPage } from "@/features/refused/RefusedPage";

import { rootRoute } from "./root";

export const refusedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/refused",
  validateSearch: refusedSearch,
  component: () => <RefusedPage asked={refusedRoute.useSearch()} />,
});
