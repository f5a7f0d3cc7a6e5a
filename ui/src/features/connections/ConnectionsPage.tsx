// `/connections`: the configured ways to log in.
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { PageHeader } from "@/components/PageHeader";
import { TestLoginPanel } from "@/features/test-login/TestLoginPanel";
import { HostError } from "@/ipc/call";
import { connectionsQuery, statusQuery } from "@/ipc/queries";
import { useRights } from "@/lib/rights";

import { ConnectionsTable } from "./ConnectionsTable";
import { RoleNotice } from "./RoleNotice";

import classes from "./ConnectionsPage.module.css";

export function ConnectionsPage() {
  const { t } = useTranslation();
  const { test } = useSearch({ from: "/connections" });
  const navigate = useNavigate({ from: "/connections" });
  const { changeConnections, testLogins } = useRights();
  const { data: connections, error, refetch } = useQuery(connectionsQuery);
  const offline = useOffline();
  const failure = error ?? offline;
  const tested = testLogins && connections?.find(({ id }) => id === test);
  const create = changeConnections && (
    <LinkButton
      to="/connections/new"
      leftSection={<IconPlus size={16} stroke={1.5} />}
      data-testid="create-connection"
    >
      {t("connections.create")}
    </LinkButton>
  );
  const empty = connections?.length === 0;
  return (
    <>
      <PageHeader
        title={t("connections.title")}
        purpose={t("connections.purpose")}
        action={!empty && create}
      />
      <div className={classes.page}>
        {failure && <ErrorNotice error={failure} onRetry={() => refetch()} />}
        <RoleNotice />
        {!connections && !failure && <DelayedSkeleton rows={4} />}
        {empty && !failure && (
          <EmptyState
            title={t("connections.empty.title")}
            text={t("connections.empty.text")}
            action={create}
          />
        )}
        {connections && !empty && (
          <ConnectionsTable
            connections={connections}
            onTest={(id) => navigate({ search: { test: id }, replace: true })}
          />
        )}
      </div>
      {tested && (
        <TestLoginPanel
          key={tested.id}
          connection={tested}
          onClose={() => navigate({ search: {}, replace: true })}
        />
      )}
    </>
  );
}

/** The error of a backend that is away: connections are not kept here, so what is shown may be old. */
function useOffline(): HostError | null {
  const { data: link } = useQuery({ ...statusQuery, select: (status) => status.link });
  return link?.type === "offline" ? new HostError({ type: "backend_unreachable", host: link.host }) : null;
}
