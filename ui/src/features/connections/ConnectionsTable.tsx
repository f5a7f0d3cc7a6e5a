// The list of connections; the whole row opens one, the button at its end tests it.
import { Tooltip } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { KindGlyph } from "@/components/KindGlyph";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import type { Connection, ConnectionId } from "@/ipc/bindings";

import { TestButton } from "./TestButton";

import classes from "./ConnectionsTable.module.css";

interface ConnectionsTableProps {
  connections: Connection[];
  onTest: (id: ConnectionId) => void;
}

export function ConnectionsTable({ connections, onTest }: ConnectionsTableProps) {
  const { t } = useTranslation();
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th>{t("connections.columns.name")}</th>
          <th>{t("connections.columns.state")}</th>
          <th>{t("connections.columns.appId")}</th>
          <th className={classes.wide}>{t("connections.columns.secret")}</th>
          <th className={classes.wide}>{t("connections.columns.updated")}</th>
          <th>
            <span className="visually-hidden">{t("connections.columns.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {connections.map((connection) => (
          <Row key={connection.id} connection={connection} onTest={onTest} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ connection, onTest }: { connection: Connection; onTest: (id: ConnectionId) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const params = { id: connection.id };
  return (
    <tr
      className={classes.row}
      data-testid="connection-row"
      data-identifier={connection.identifier}
      onClick={() => navigate({ to: "/connections/$id", params })}
    >
      <td>
        <span className={classes.name}>
          <KindGlyph kind={connection.kind} alone />
          <Link
            to="/connections/$id"
            params={params}
            className={classes.link}
            onClick={(event) => event.stopPropagation()}
          >
            {connection.display_name}
          </Link>
          <code className={classes.identifier}>{connection.identifier}</code>
          {connection.login_only && (
            <Tooltip label={t("connections.loginOnlyHelp")}>
              <span className={classes.tag}>
                <IconLock size={12} stroke={1.5} aria-hidden="true" />
                {t("connections.loginOnly")}
              </span>
            </Tooltip>
          )}
        </span>
      </td>
      <td>
        <StatusDot tone={connection.enabled ? "healthy" : "neutral"}>
          {t(connection.enabled ? "connections.enabled" : "connections.disabled")}
        </StatusDot>
      </td>
      <td>
        <Identifier value={connection.app_id} what="AppID" />
      </td>
      <td className={classes.wide}>
        <RelativeTime at={connection.secret.set_at} />
      </td>
      <td className={classes.wide}>
        <RelativeTime at={connection.updated_at} />
      </td>
      <td className={classes.action}>
        <TestButton
          variant="subtle"
          color="slate"
          aria-label={t("connections.testNamed", { name: connection.display_name })}
          onClick={(event) => {
            event.stopPropagation();
            onTest(connection.id);
          }}
        />
      </td>
    </tr>
  );
}
