// Four figures, each a way into its page.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "@/components/RelativeTime";
import type { Connection, Status } from "@/ipc/bindings";

import classes from "./Figures.module.css";

interface FiguresProps {
  status: Status;
  /** Absent while the backend has not answered. */
  connections: Connection[] | undefined;
}

export function Figures({ status, connections }: FiguresProps) {
  const { t, i18n } = useTranslation();
  const grouped = (count: number) => count.toLocaleString(i18n.language);
  // Before anything was loaded nobody knows how many there are.
  const nobody = !status.loaded && status.users === 0;
  return (
    <dl className={classes.figures} aria-label={t("overview.figures.label")}>
      <Figure
        name={t("overview.figures.users")}
        to="/users"
        note={
          status.loaded ? status.server?.pool_name : t(`overview.figures.${nobody ? "notLoaded" : "soFar"}`)
        }
      >
        {nobody ? "–" : grouped(status.users)}
      </Figure>
      <Figure
        name={t("overview.figures.connections")}
        to="/connections"
        note={
          connections &&
          t("overview.figures.enabled", { count: connections.filter(({ enabled }) => enabled).length })
        }
      >
        {connections ? grouped(connections.length) : "–"}
      </Figure>
      <Figure
        name={t("overview.figures.waiting")}
        to="/users"
        note={t(`overview.figures.${waitingNote(status)}`)}
      >
        {grouped(status.waiting)}
      </Figure>
      <Figure name={t("overview.figures.sync")} to="/settings" note={t(`frame.link.${status.link.type}`)}>
        <RelativeTime at={status.last_sync} />
      </Figure>
    </dl>
  );
}

function waitingNote({ waiting, link }: Status) {
  if (waiting === 0) return "waitingNone";
  return link.type === "connected" ? "waitingHelp" : "waitingOffline";
}

interface FigureProps {
  name: string;
  to: "/users" | "/connections" | "/settings";
  note: ReactNode;
  children: ReactNode;
}

function Figure({ name, to, note, children }: FigureProps) {
  return (
    <div className={classes.figure}>
      <dt className={classes.name}>
        <Link to={to} className={classes.link}>
          {name}
        </Link>
      </dt>
      <dd className={classes.value}>{children}</dd>
      <dd className={classes.note}>{note}</dd>
    </div>
  );
}
