// What surrounds every page: environment line, rail, content, status bar.
import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { AccessLost } from "@/features/startup/AccessLost";
import { KeptAside } from "@/features/startup/KeptAside";
import { HostError } from "@/ipc/call";
import { statusQuery } from "@/ipc/queries";
import { useCurrentPageTitle } from "@/lib/pageTitle";

import { Rail } from "./Rail";
import { ShortcutSheet } from "./ShortcutSheet";
import { StatusBar } from "./StatusBar";
import { useShortcuts } from "./useShortcuts";

import classes from "./Frame.module.css";

export function Frame() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery);
  const [sheet, setSheet] = useState(false);
  useShortcuts({ onSheet: () => setSheet(true) });

  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#content">
        {t("frame.skip")}
      </a>
      <div
        className={classes.environment}
        data-environment={status?.server?.wechat.type ?? "unknown"}
        aria-hidden="true"
      />
      <Rail onKeyboard={() => setSheet(true)} />
      <Content />
      <StatusBar />
      <Announcer />
      <ShortcutSheet opened={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}

/** The page. Focus moves here when another page opens, so that Tab begins with the page and not with the rail. */
function Content() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const page = path.split("/")[1];
  const { data: status } = useQuery(statusQuery);
  const lost = status?.access_lost ?? null;
  const content = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const at = useRef(path);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    content.current?.focus({ preventScroll: true });
  }, [page]);
  useLayoutEffect(() => {
    if (!content.current || at.current === path) return;
    at.current = path;
    // Every page begins at its top, also one that stands in the place of a long form.
    content.current.scrollTop = 0;
  }, [path]);
  return (
    <main ref={content} id="content" tabIndex={-1} className={classes.content}>
      <KeptAside />
      {status?.trouble && (
        <div className={classes.trouble}>
          <ErrorNotice error={new HostError(status.trouble)} />
        </div>
      )}
      {lost && page !== "settings" ? <AccessLost unsent={lost.unsent} /> : <Outlet />}
    </main>
  );
}

/** Says the new page's title to screen readers. */
function Announcer() {
  const title = useCurrentPageTitle();
  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true">
      {title}
    </div>
  );
}
