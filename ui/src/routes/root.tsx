// The root of all pages: the frame around them.
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext } from "@tanstack/react-router";

import { Frame } from "@/features/frame/Frame";

/** The frame; pages read through the query client of its context. */
export const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({ component: Frame });
