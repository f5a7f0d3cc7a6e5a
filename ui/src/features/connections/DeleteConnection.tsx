// Deleting a connection: says how many people log in with it before it asks.
import { List } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { ConfirmDelete } from "@/components/ConfirmDelete";
import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import type { Connection } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { connectionUsageQuery } from "@/ipc/queries";

interface DeleteConnectionProps {
  connection: Connection;
  opened: boolean;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteConnection({ connection, opened, onClose, onDeleted }: DeleteConnectionProps) {
  const { t } = useTranslation();
  const usage = useQuery({ ...connectionUsageQuery(connection.id), enabled: opened });
  const remove = useMutation({
    mutationFn: () => call(commands.deleteConnection(connection.id)),
    onSuccess: onDeleted,
  });
  const users = usage.data?.users ?? 0;
  const onlyWayIn = usage.data?.only_way_in ?? 0;
  return (
    <ConfirmDelete
      opened={opened}
      onClose={onClose}
      title={t("connections.deletion.title", { name: connection.display_name })}
      name={connection.identifier}
      action={t("connections.deletion.action")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    >
      {usage.error && <ErrorNotice error={usage.error} onRetry={() => usage.refetch()} />}
      {usage.isPending && <DelayedSkeleton rows={2} height={28} />}
      {usage.data && (
        <List spacing={4} size="sm">
          <List.Item fw={users > 0 ? 600 : 400}>
            {users === 0
              ? t("connections.deletion.usersNone")
              : t("connections.deletion.users", { count: users })}
          </List.Item>
          {onlyWayIn > 0 && (
            <List.Item fw={600}>{t("connections.deletion.onlyWayIn", { count: onlyWayIn })}</List.Item>
          )}
          <List.Item>{t("connections.deletion.stays")}</List.Item>
        </List>
      )}
    </ConfirmDelete>
  );
}
