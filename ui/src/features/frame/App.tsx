// Everything around the pages that is not visible: theme, cache, events, and the gate that waits for a good start.
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";

import { StartupGate } from "@/features/startup/StartupGate";
import { followEvents } from "@/ipc/queries";
import type { createPages } from "@/routes/router";
import { cssVariables, theme } from "@/theme/theme";

/** The whole interface over a cache and the pages. */
export function App({ client, pages }: { client: QueryClient; pages: ReturnType<typeof createPages> }) {
  useEffect(() => followEvents(client), [client]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={3} autoClose={4000} />
        <StartupGate>
          <RouterProvider router={pages} context={{ client }} />
        </StartupGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}
