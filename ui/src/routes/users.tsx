// `/users` and `/users/$id`: the same page, with a person open beside the list or not; `/users/import` is another.
import { createRoute, useParams } from "@tanstack/react-router";

import { ImportPage } from "@/features/exchange/ImportPage";
import { usersSearch } from "@/features/users/question";
import { UsersPage } from "@/features/users/UsersPage";

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

export const importRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/users/import",
  component: ImportPage,
});
