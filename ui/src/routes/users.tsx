// `/users` and `/users/$id`: the same page, with a person open beside the list or not.
import { createRoute, useParams } from "@tanstack/react-router";

import { UsersPage, usersSearch } from "@/features/users/UsersPage";

import { rootRoute } from "./root";

export const usersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/users",
  validateSearch: usersSearch,
  component: () => <UsersPage asked={usersRoute.useSearch()} openId={useParams({ strict: false }).id} />,
});

export const userRoute = createRoute({
  getParentRoute: () => usersRoute,
  path: "$id",
});
