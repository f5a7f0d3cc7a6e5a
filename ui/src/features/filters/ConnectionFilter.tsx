// A filter by connection.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import type { ConnectionId } from "@/ipc/bindings";
import { knownConnectionsQuery } from "@/ipc/queries";

import { ChoiceFilter } from "./ChoiceFilter";

interface ConnectionFilterProps {
  chosen: ConnectionId | undefined;
  onChange: (id: ConnectionId | undefined) => void;
}

export function ConnectionFilter({ chosen, onChange }: ConnectionFilterProps) {
  const { t } = useTranslation();
  const { data: connections } = useQuery(knownConnectionsQuery);
  const connection = connections?.find(({ id }) => id === chosen);
  const deleted = connections && t("users.detail.deletedConnection");
  return (
    <ChoiceFilter
      name={t("filters.connection")}
      chosen={chosen}
      shown={connection?.display_name ?? deleted ?? ""}
      values={(connections ?? []).map(({ id, kind, display_name }) => ({
        value: id,
        label: (
          <>
            {kind && <KindGlyph kind={kind} size={14} />} {display_name}
          </>
        ),
      }))}
      onChange={onChange}
      testId="filter-connection"
    />
  );
}
