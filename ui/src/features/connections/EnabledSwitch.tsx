// Lets people log in with a connection, or nobody. It takes effect at once, apart from saving, and asks before it
// shuts people out.
import { Button, Group, Modal, Switch, Tooltip } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { Connection } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { connectionUsageQuery } from "@/ipc/queries";
import { useRights } from "@/lib/rights";

interface EnabledSwitchProps {
  connection: Connection;
  onChanged: (changed: Connection) => void;
}

export function EnabledSwitch({ connection, onChanged }: EnabledSwitchProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { changeConnections } = useRights();
  /** How many people would be shut out, while that is asked. */
  const [shutOut, setShutOut] = useState<number | null>(null);
  const change = useMutation({
    mutationFn: (enabled: boolean) => call(commands.setConnectionEnabled(connection.id, enabled)),
    onSuccess: onChanged,
    onSettled: () => setShutOut(null),
  });
  const usage = useMutation({
    mutationFn: () => client.fetchQuery(connectionUsageQuery(connection.id)),
    onSuccess: ({ users }) => (users > 0 ? setShutOut(users) : change.mutate(false)),
  });
  const enabled = change.isPending ? change.variables : connection.enabled;
  const error = change.error ?? usage.error;
  return (
    <>
      {error && <ErrorNotice error={error} />}
      <Tooltip label={t(changeConnections ? "connections.enableHelp" : "connections.rights.noChange")}>
        <span>
          <Switch
            checked={enabled}
            disabled={!changeConnections || usage.isPending}
            onChange={(event) => {
              usage.reset();
              if (event.currentTarget.checked) change.mutate(true);
              else usage.mutate();
            }}
            label={t(enabled ? "connections.open" : "connections.shut")}
            data-testid="connection-enabled"
          />
        </span>
      </Tooltip>
      <Modal
        opened={shutOut !== null}
        onClose={() => setShutOut(null)}
        title={t("connections.disabling.title", { name: connection.display_name })}
        size={440}
      >
        <p>{t("connections.disabling.text", { count: shutOut ?? 0 })}</p>
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={() => setShutOut(null)} data-autofocus>
            {t("common.cancel")}
          </Button>
          <Button loading={change.isPending} onClick={() => change.mutate(false)}>
            {t("connections.disabling.action")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
