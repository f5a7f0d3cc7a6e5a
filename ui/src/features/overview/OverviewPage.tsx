// `/`: how the pool stands, what to do first, what happened lately.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { PageHeader } from "@/components/PageHeader";
import { attemptsQuery, connectionsQuery, statusQuery } from "@/ipc/queries";

import { Figures } from "./Figures";
import { FirstSteps } from "./FirstSteps";
import { LatestAttempts } from "./LatestAttempts";

import classes from "./OverviewPage.module.css";

const shown = 8;

export function OverviewPage() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery);
  const connections = useQuery(connectionsQuery);
  const attempts = useQuery(attemptsQuery(shown));
  return (
    <>
      <PageHeader title={t("overview.title")} purpose={t("overview.purpose")} />
      <div className={classes.page}>
        {status && <Figures status={status} connections={connections.data} />}
        {connections.data && attempts.data && (
          <FirstSteps connections={connections.data} attempts={attempts.data} />
        )}
        <LatestAttempts attempts={attempts} connections={connections.data ?? []} />
      </div>
    </>
  );
}
