// Everything around the pages that is not visible: theme, cache, events, and the gate that waits for a good start.
import { localStorageColorSchemeManager, MantineProvider, useMantineColorScheme } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { StartupGate } from "@/features/startup/StartupGate";
import { setWindowTheme } from "@/ipc/host";
import { followEvents } from "@/ipc/queries";
import type { createPages } from "@/routes/router";
import { cssVariables, themeIn } from "@/theme/theme";

const schemes = localStorageColorSchemeManager({ key: "yaopai.theme" });

/** The window's own frame follows the theme. */
function WindowTheme() {
  const { colorScheme } = useMantineColorScheme();
  useEffect(() => {
    // A desktop that paints its own frames loses nothing by refusing.
    setWindowTheme(colorScheme === "auto" ? null : colorScheme).catch(() => {});
  }, [colorScheme]);
  return null;
}

interface AppProps {
  client: QueryClient;
  pages: ReturnType<typeof createPages>;
  /** Under test nothing moves. */
  env?: "default" | "test";
}

/** The whole interface over a cache and the pages. */
export function App({ client, pages, env = "default" }: AppProps) {
  useEffect(() => followEvents(client), [client]);
  const { t } = useTranslation();
  const close = t("common.close");
  const named = useMemo(() => themeIn(close), [close]);
  return (
    <MantineProvider
      env={env}
      theme={named}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
    >
      <WindowTheme />
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={3} autoClose={4000} />
        <StartupGate>
          <RouterProvider router={pages} context={{ client }} />
        </StartupGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}
