import { IconPlus } from "@tabler/icons-react";
// `/connections`: the configured ways to log in.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { PageHeader } from "@/components/PageHeader";
import { TestLoginPanel } from "@/features/test-login/TestLoginPanel";
import { connectionsQuery } from "@/ipc/queries";

import { ConnectionsTable } from "./ConnectionsTable";

export function ConnectionsPage() {
  const { t } = useTranslation();
  const { test } = useSearch({ from: "/connections" });
  const navigate = useNavigate({ from: "/connections" });
  const { data: connections, error, refetch } = useQuery(connectionsQuery);
  const tested = connections?.find(({ id }) => id === test);
  const create = (
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
      <div style={{ padding: "0 var(--y-page) 24px" }}>
        {error && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {!connections && !error && <DelayedSkeleton rows={4} />}
        {empty && (
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
