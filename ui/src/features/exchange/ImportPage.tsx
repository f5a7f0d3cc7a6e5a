// Takes users and metadata from a file: choose it, see what would happen, run it, follow it.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import { PageHeader } from "@/components/PageHeader";
import { JobCard } from "@/features/jobs/JobCard";
import { isOver } from "@/features/jobs/queries";
import type { ImportPreview } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { jobsQuery } from "@/ipc/queries";
import { useLoadedSoFar } from "@/lib/loaded";
import { useGrouped } from "@/lib/numbers";
import { useRights } from "@/lib/rights";

import { ChooseFile } from "./ChooseFile";
import { Preview } from "./Preview";

import classes from "./Exchange.module.css";

export function ImportPage() {
  const { t } = useTranslation();
  const { editUsers } = useRights();
  const client = useQueryClient();
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const soFar = useLoadedSoFar();
  const choose = useMutation({
    mutationFn: () => call(commands.previewImport()),
    onSuccess: (given) => {
      // With the dialog closed, what was shown stays.
      if (given === null) return;
      setPreview(given);
      setJobId(null);
    },
  });
  const run = useMutation({
    mutationFn: (id: string) => call(commands.runImport(id)),
    onSuccess: async (id) => {
      await client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      setJobId(id);
    },
  });
  const error = choose.error ?? run.error;
  return (
    <>
      <PageHeader
        title={t("exchange.import.title")}
        purpose={t("exchange.import.purpose")}
        back={<Link to="/users">{t("users.title")}</Link>}
      />
      <div className={classes.page}>
        {!editUsers && (
          <Notice tone="neutral" title={t("exchange.import.rights.title")}>
            {t("exchange.import.rights.viewer")}
          </Notice>
        )}
        {editUsers && soFar !== null && <NotAllLoaded soFar={soFar} />}
        {error && <ErrorNotice error={error} />}
        {editUsers && preview === null && (
          <ChooseFile busy={choose.isPending} wait={soFar !== null} onChoose={() => choose.mutate()} />
        )}
        {preview && jobId === null && (
          <Preview
            preview={preview}
            busy={run.isPending}
            onRun={() => run.mutate(preview.id)}
            onOther={() => choose.mutate()}
          />
        )}
        {jobId !== null && <Running id={jobId} onOther={() => choose.mutate()} />}
      </div>
    </>
  );
}

/** Before everybody is here, known people would be taken for new ones. */
function NotAllLoaded({ soFar }: { soFar: number }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  return (
    <Notice tone="waiting" title={t("exchange.notAll.title", { shown: grouped(soFar) })}>
      {t("exchange.notAll.import")}
    </Notice>
  );
}

function Running({ id, onOther }: { id: string; onOther: () => void }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const { data: jobs = [] } = useQuery(jobsQuery);
  const job = jobs.find((one) => one.id === id);
  if (!job) return null;
  return (
    <>
      <JobCard job={job} />
      <p className={classes.quiet}>{t("exchange.import.running")}</p>
      {isOver(job) && (
        <Notice
          tone={job.state.type === "done" ? "healthy" : "neutral"}
          title={t(job.state.type === "done" ? "exchange.import.done" : "exchange.import.ended", {
            count: job.changed ?? 0,
            done: grouped(job.changed ?? 0),
          })}
          actions={
            <>
              <LinkButton variant="default" to="/users" search={{ sync: "unsynced" }}>
                {t("exchange.import.showUnsynced")}
              </LinkButton>
              <Button variant="default" onClick={onOther}>
                {t("exchange.import.another")}
              </Button>
            </>
          }
        >
          {t("exchange.import.doneMeaning")}
        </Notice>
      )}
    </>
  );
}
