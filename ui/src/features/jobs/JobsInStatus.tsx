// Long work in the status bar, from every page: how far it is, and the cards behind it.
import { Popover, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { StatusDot, type Tone } from "@/components/StatusDot";
import type { Job, JobState } from "@/ipc/bindings";

import { JobCard } from "./JobCard";
import { isLoad, useJobs } from "./queries";
import { percentOf, useJobTitle } from "./words";

import classes from "./Jobs.module.css";

const tones: Record<JobState["type"], Tone> = {
  running: "waiting",
  paused: "neutral",
  done: "healthy",
  cancelled: "neutral",
  failed: "broken",
};

/** Among several the one that needs to be seen: what failed, then what runs, then the latest. */
function foremost(jobs: readonly Job[]): Job | undefined {
  const inState = (type: JobState["type"]) => jobs.find(({ state }) => state.type === type);
  return inState("failed") ?? inState("running") ?? inState("paused") ?? jobs.at(-1);
}

export function JobsInStatus({ className }: { className: string }) {
  const { t } = useTranslation();
  const title = useJobTitle();
  // What loads users stands in the place of the last sync.
  const jobs = useJobs().filter((job) => !isLoad(job));
  const job = foremost(jobs);
  if (!job) return null;
  const percent = job.state.type === "running" ? percentOf(job) : null;
  const state = percent === null ? t(`jobs.states.${job.state.type}`) : `${percent}%`;
  return (
    <Popover position="top-start" offset={4} trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={className} data-testid="status-jobs" data-state={job.state.type}>
          <StatusDot tone={tones[job.state.type]}>
            {title(job)} · {state}
          </StatusDot>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.above ?? ""} aria-label={t("jobs.title")} data-covers>
        {jobs.map((one) => (
          <JobCard key={one.id} job={one} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
