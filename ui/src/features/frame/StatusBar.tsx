// One line that is always true: the backend, the sync, what waits, what conflicts, and which WeChat this is.
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Trans, useTranslation } from "react-i18next";

import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot, type Tone } from "@/components/StatusDot";
import { JobsInStatus } from "@/features/jobs/JobsInStatus";
import { percentOf, useJobTitle } from "@/features/jobs/words";
import type { About, Job, Link as BackendLink, Status } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { aboutQuery, statusQuery } from "@/ipc/queries";
import { exact } from "@/lib/time";

import classes from "./StatusBar.module.css";

export function StatusBar() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery);
  const { data: about } = useQuery(aboutQuery);
  return (
    <footer className={classes.bar} aria-label={t("frame.statusBar")}>
      {status && (
        <>
          <Backend link={status.link} about={about} />
          <Sync status={status} />
          <Link
            to="/users"
            search={status.waiting > 0 ? { sync: "unsynced" } : {}}
            className={classes.item}
            data-testid="status-waiting"
            data-count={status.waiting}
          >
            {status.waiting > 0 ? (
              <StatusDot tone="waiting">{t("frame.waiting", { count: status.waiting })}</StatusDot>
            ) : (
              t("frame.waitingNone")
            )}
          </Link>
          <Link
            to="/conflicts"
            className={classes.item}
            data-testid="status-conflicts"
            data-count={status.conflicts}
          >
            {status.conflicts > 0 ? (
              <StatusDot tone="broken">{t("frame.conflicts", { count: status.conflicts })}</StatusDot>
            ) : (
              t("frame.conflictsNone")
            )}
          </Link>
          <JobsInStatus className={classes.item ?? ""} />
          <span className={classes.space} />
          {status.server && <Environment type={status.server.wechat.type} />}
        </>
      )}
    </footer>
  );
}

const linkTones: Record<BackendLink["type"], Tone> = {
  connecting: "neutral",
  connected: "healthy",
  offline: "broken",
  denied: "broken",
};

function Backend({ link, about }: { link: BackendLink; about: About | undefined }) {
  const { t, i18n } = useTranslation();
  const host = link.type === "offline" ? link.host : about ? new URL(about.server_url).host : "";
  const explained = {
    connecting: () => t("frame.link.connectedTo", { host }),
    connected: () => t("frame.link.connectedTo", { host }),
    denied: () => t("frame.link.deniedHelp"),
    offline: () =>
      t("frame.link.offlineSince", {
        host,
        since: link.type === "offline" ? exact(link.since, i18n.language) : "",
      }),
  }[link.type]();
  return (
    <Tooltip label={explained} multiline maw={360}>
      <span className={classes.item} data-testid="status-connection" data-state={link.type}>
        <StatusDot tone={linkTones[link.type]}>
          {t(`frame.link.${link.type}`)}
          {` · ${about?.embedded && link.type !== "offline" ? t("frame.link.builtIn") : host}`}
        </StatusDot>
      </span>
    </Tooltip>
  );
}

function Sync({ status }: { status: Status }) {
  const { t } = useTranslation();
  const sync = useMutation({ mutationFn: () => call(commands.syncNow()) });
  return (
    <span className={classes.item} data-testid="status-sync">
      {status.loading ? (
        <Loading job={status.loading} />
      ) : !status.loaded ? (
        t(status.link.type === "connected" ? "frame.sync.loading" : "frame.sync.notLoaded")
      ) : status.last_sync === null ? (
        t("frame.sync.never")
      ) : (
        <span>
          <Trans i18nKey="frame.sync.label" components={{ time: <RelativeTime at={status.last_sync} /> }} />
        </span>
      )}
      <Tooltip label={t("frame.sync.now")}>
        <ActionIcon
          variant="subtle"
          color="slate"
          size={20}
          aria-label={t("frame.sync.now")}
          onClick={() => sync.mutate()}
        >
          <IconRefresh size={13} stroke={1.5} />
        </ActionIcon>
      </Tooltip>
    </span>
  );
}

function Loading({ job }: { job: Job }) {
  const { t } = useTranslation();
  const title = useJobTitle();
  const percent = percentOf(job);
  const phase = t(`jobs.phases.${job.phase}`);
  const state = job.state.type === "paused" ? t("jobs.states.paused") : percent === null ? "" : `${percent}%`;
  return (
    <Link to="/users" className={classes.inner} data-testid="status-loading">
      <StatusDot tone="waiting">
        {title(job)} · {phase} {state}
      </StatusDot>
    </Link>
  );
}

function Environment({ type }: { type: "real" | "sandbox" }) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t(`frame.environment.${type}Help`)}>
      <span className={classes.environment} data-environment={type} data-testid="status-environment">
        {t(`frame.environment.${type}`)}
      </span>
    </Tooltip>
  );
}
