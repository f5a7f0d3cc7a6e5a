// `/users` and `/users/$id`
import { createRoute } from "@tanstack/react-router";

import { rootRoute } from "./root";

export const usersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/users",
  component: () => null,
});

export const userRoute = createRoute({
  getParentRoute: () => usersRoute,
  path: "$id",
  component: () => null,
});
