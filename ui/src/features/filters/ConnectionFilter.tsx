// A filter by connection.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import type { ConnectionId } from "@/ipc/bindings";
import { connectionsQuery } from "@/ipc/queries";

import { ChoiceFilter } from "./ChoiceFilter";

interface ConnectionFilterProps {
  chosen: ConnectionId | undefined;
  onChange: (id: ConnectionId | undefined) => void;
}

export function ConnectionFilter({ chosen, onChange }: ConnectionFilterProps) {
  const { t } = useTranslation();
  const { data: connections = [] } = useQuery(connectionsQuery);
  const connection = connections.find(({ id }) => id === chosen);
  return (
    <ChoiceFilter
      name={t("filters.connection")}
      chosen={chosen}
      shown={connection?.display_name ?? t("users.detail.deletedConnection")}
      values={connections.map(({ id, kind, display_name }) => ({
        value: id,
        label: (
          <>
            <KindGlyph kind={kind} size={14} /> {display_name}
          </>
        ),
      }))}
      onChange={onChange}
      testId="filter-connection"
    />
  );
}
