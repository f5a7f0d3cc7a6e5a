// `/connections/$id`: one connection, its form, and what can be done with it.
import { ActionIcon, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { KindGlyph } from "@/components/KindGlyph";
import { LinkButton } from "@/components/LinkButton";
import { PageHeader } from "@/components/PageHeader";
import { TestLoginPanel } from "@/features/test-login/TestLoginPanel";
import type { Connection, ConnectionId } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { connectionsQuery } from "@/ipc/queries";
import { useRights } from "@/lib/rights";

import { ConnectionForm } from "./ConnectionForm";
import { DeleteConnection } from "./DeleteConnection";
import { valuesOf } from "./draft";
import { EnabledSwitch } from "./EnabledSwitch";
import { RoleNotice } from "./RoleNotice";
import { TestButton } from "./TestButton";

import classes from "./RoleNotice.module.css";

export function ConnectionPage({ id }: { id: ConnectionId }) {
  const { t } = useTranslation();
  const { data: connections, error, refetch } = useQuery(connectionsQuery);
  const connection = connections?.find((candidate) => candidate.id === id);
  if (connection) return <OneConnection key={id} connection={connection} />;
  const back = <Link to="/connections">{t("connections.back")}</Link>;
  return (
    <>
      <PageHeader back={back} title={t("connections.title")} />
      <div style={{ padding: "0 var(--y-page)" }}>
        {error ? (
          <ErrorNotice error={error} onRetry={() => refetch()} />
        ) : connections ? (
          <EmptyState
            drawing="search"
            title={t("connections.gone.title")}
            text={t("connections.gone.text")}
            action={
              <LinkButton to="/connections" variant="default">
                {t("connections.gone.action")}
              </LinkButton>
            }
          />
        ) : (
          <DelayedSkeleton rows={6} height={56} />
        )}
      </div>
    </>
  );
}

function OneConnection({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/connections/$id" });
  const { test } = useSearch({ from: "/connections/$id" });
  const { changeConnections, testLogins } = useRights();
  const [deleting, setDeleting] = useState(false);
  const [unsaved, setUnsaved] = useState(false);
  const [initial] = useState(() => valuesOf(connection));
  const take = (changed: Connection) => {
    client.setQueryData(connectionsQuery.queryKey, (before) =>
      before?.map((candidate) => (candidate.id === changed.id ? changed : candidate)),
    );
    client.invalidateQueries({ queryKey: connectionsQuery.queryKey });
  };
  return (
    <>
      <PageHeader
        back={<Link to="/connections">{t("connections.back")}</Link>}
        title={connection.display_name}
        mark={<KindGlyph kind={connection.kind} size={18} alone />}
        purpose={t(`common.kinds.${connection.kind}.purpose`)}
        action={
          <>
            <EnabledSwitch connection={connection} onChanged={take} />
            {changeConnections && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon variant="default" size={30} aria-label={t("common.more")}>
                    <IconDots size={16} stroke={1.5} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    color="cinnabar"
                    leftSection={<IconTrash size={16} stroke={1.5} />}
                    onClick={() => setDeleting(true)}
                  >
                    {t("connections.deletion.action")}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            )}
            <TestButton
              onClick={() => navigate({ search: { test: connection.id }, replace: true })}
              data-testid="start-test-login"
            />
          </>
        }
      />
      <div className={classes.notice}>
        <RoleNotice />
      </div>
      <ConnectionForm
        initial={initial}
        existing={connection}
        save={(draft) => call(commands.replaceConnection(connection.id, draft))}
        onSaved={(saved) => {
          take(saved);
          notifications.show({ message: t("connections.saved") });
        }}
        onDirty={setUnsaved}
        onCancel={() => navigate({ to: "/connections" })}
      />
      <DeleteConnection
        connection={connection}
        opened={deleting}
        onClose={() => setDeleting(false)}
        onDeleted={() => {
          notifications.show({ message: t("connections.deleted", { name: connection.display_name }) });
          navigate({ to: "/connections", ignoreBlocker: true }).then(() =>
            client.invalidateQueries({ queryKey: connectionsQuery.queryKey }),
          );
        }}
      />
      {testLogins && test === connection.id && (
        <TestLoginPanel
          connection={connection}
          unsaved={unsaved}
          onClose={() => navigate({ search: {}, replace: true })}
        />
      )}
    </>
  );
}
