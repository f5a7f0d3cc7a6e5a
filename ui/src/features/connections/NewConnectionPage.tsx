// `/connections/new`: choose a kind, then fill in the form.
import { Anchor } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import { PageHeader } from "@/components/PageHeader";
import type { ConnectionKind } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { connectionsQuery } from "@/ipc/queries";
import { useRights } from "@/lib/rights";

import { ConnectionForm } from "./ConnectionForm";
import { emptyValues } from "./draft";
import { KindCards } from "./KindCards";
import { RoleNotice } from "./RoleNotice";

import classes from "./RoleNotice.module.css";

export function NewConnectionPage() {
  const { t } = useTranslation();
  const { changeConnections } = useRights();
  const [kind, setKind] = useState<ConnectionKind | null>(null);
  return (
    <>
      <PageHeader
        back={<Link to="/connections">{t("connections.back")}</Link>}
        title={t("connections.newTitle")}
        mark={kind && <KindGlyph kind={kind} size={18} />}
        purpose={
          kind ? (
            <>
              {t(`common.kinds.${kind}.purpose`)}{" "}
              <Anchor component="button" type="button" fz="inherit" onClick={() => setKind(null)}>
                {t("connections.changeKind")}
              </Anchor>
            </>
          ) : (
            t("connections.newPurpose")
          )
        }
      />
      {!changeConnections ? (
        <div className={classes.notice}>
          <RoleNotice />
        </div>
      ) : kind ? (
        <NewConnection kind={kind} />
      ) : (
        <KindCards onChoose={setKind} />
      )}
    </>
  );
}

function NewConnection({ kind }: { kind: ConnectionKind }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const initial = useMemo(() => emptyValues(kind), [kind]);
  return (
    <ConnectionForm
      key={kind}
      initial={initial}
      existing={null}
      save={(draft) => call(commands.createConnection(draft))}
      onSaved={(connection) => {
        client.setQueryData(connectionsQuery.queryKey, (before) => before && [...before, connection]);
        client.invalidateQueries({ queryKey: connectionsQuery.queryKey });
        notifications.show({ message: t("connections.created", { name: connection.display_name }) });
        navigate({ to: "/connections/$id", params: { id: connection.id }, ignoreBlocker: true });
      }}
      onCancel={() => navigate({ to: "/connections" })}
    />
  );
}
