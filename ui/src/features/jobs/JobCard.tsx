// One piece of long work: what it is, how far, how fast, how long still, and how to stop it.
import { ActionIcon, Button } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconLoader2,
  IconPlayerPause,
  IconX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { Job, JobState } from "@/ipc/bindings";
import { HostError } from "@/ipc/call";
import { useGrouped } from "@/lib/numbers";
import { duration } from "@/lib/time";

import { isLoad, isOver, useJobActions } from "./queries";
import { percentOf, useJobTitle } from "./words";

import classes from "./Jobs.module.css";

const icons = {
  running: IconLoader2,
  paused: IconPlayerPause,
  done: IconCircleCheck,
  cancelled: IconCircleX,
  failed: IconAlertTriangle,
} satisfies Record<JobState["type"], unknown>;

export function JobCard({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { stop, resume, putAway } = useJobActions();
  const title = useJobTitle();
  const Icon = icons[job.state.type];
  const error = stop.error ?? resume.error;
  return (
    <article className={classes.card} data-testid="job" data-kind={job.kind} data-state={job.state.type}>
      <div className={classes.line}>
        <Icon className={classes.icon} size={16} stroke={1.5} aria-hidden="true" />
        <h2 className={classes.title}>{title(job)}</h2>
        <Facts job={job} />
        <span className={classes.actions}>
          {job.state.type === "running" && (
            <Button
              variant="subtle"
              color="slate"
              size="compact-sm"
              data-testid="job-cancel"
              loading={stop.isPending}
              onClick={() => stop.mutate(job)}
            >
              {t(isLoad(job) ? "jobs.pause" : "jobs.cancel")}
            </Button>
          )}
          {job.state.type === "paused" && (
            <Button
              variant="subtle"
              color="slate"
              size="compact-sm"
              data-testid="job-resume"
              loading={resume.isPending}
              onClick={() => resume.mutate(job)}
            >
              {t("jobs.resume")}
            </Button>
          )}
          {isOver(job) && (
            <ActionIcon
              variant="subtle"
              color="slate"
              aria-label={t("jobs.putAway")}
              onClick={() => putAway(job.id)}
            >
              <IconX size={16} stroke={1.5} />
            </ActionIcon>
          )}
        </span>
      </div>
      {!isOver(job) && <Bar job={job} />}
      {job.state.type === "failed" && <ErrorNotice error={new HostError(job.state.error)} />}
      {error && <ErrorNotice error={error} />}
    </article>
  );
}

function Facts({ job }: { job: Job }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const done = job.total
    ? t("jobs.doneOf", { done: grouped(job.done), total: grouped(job.total) })
    : job.done > 0 && t("jobs.done", { count: job.done, done: grouped(job.done) });
  if (isOver(job)) {
    const words = t(`jobs.states.${job.state.type === "running" ? "done" : job.state.type}`);
    return (
      <span className={classes.facts}>
        <span className={classes.outcome}>{words}</span>
        <span>{t("jobs.done", { count: job.done, done: grouped(job.done) })}</span>
      </span>
    );
  }
  return (
    <span className={classes.facts}>
      {job.state.type === "paused" && <span className={classes.outcome}>{t("jobs.states.paused")}</span>}
      {isLoad(job) && <span>{t(`jobs.phases.${job.phase}`)}</span>}
      {done && <span>{done}</span>}
      {job.state.type === "running" && job.per_second > 0 && (
        <span>{t("jobs.rate", { rate: grouped(job.per_second) })}</span>
      )}
      {job.state.type === "running" && job.seconds_left !== null && (
        <span>{t("jobs.left", { time: duration(job.seconds_left, t) })}</span>
      )}
    </span>
  );
}

function Bar({ job }: { job: Job }) {
  const title = useJobTitle();
  const percent = percentOf(job);
  return (
    <div
      className={classes.bar}
      role="progressbar"
      aria-label={title(job)}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { "aria-valuenow": percent })}
    >
      {percent === null ? (
        <div className={classes.unknown} />
      ) : (
        <div className={classes.done} style={{ width: `${percent}%` }} />
      )}
    </div>
  );
}
