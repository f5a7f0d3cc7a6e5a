// Takes a binding from a person, after saying what that means. The last way in goes only by force.
import { ActionIcon, Button, Group, Modal, Stack, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLinkOff } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { Binding, UserDetail } from "@/ipc/bindings";
import { call, errorView } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { useRights } from "@/lib/rights";

interface UnbindProps {
  user: UserDetail;
  binding: Binding;
}

export function Unbind({ user, binding }: UnbindProps) {
  const { t } = useTranslation();
  const { editUsers } = useRights();
  const [open, setOpen] = useState(false);
  const what = binding.connection ?? t("users.detail.deletedConnection");
  if (!editUsers) return null;
  return (
    <>
      <Tooltip label={t("users.unbind.open", { what })}>
        <ActionIcon
          variant="subtle"
          color="slate"
          aria-label={t("users.unbind.open", { what })}
          data-testid="unbind"
          onClick={() => setOpen(true)}
        >
          <IconLinkOff size={16} stroke={1.5} />
        </ActionIcon>
      </Tooltip>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={t("users.unbind.title", { what })}
        size={460}
      >
        <Question user={user} binding={binding} what={what} onClose={() => setOpen(false)} />
      </Modal>
    </>
  );
}

interface QuestionProps extends UnbindProps {
  what: string;
  onClose: () => void;
}

/** Whether the backend would not take it, because nothing else lets the user in. */
function isLastWayIn(error: unknown): boolean {
  const view = error === null ? null : errorView(error);
  return view?.type === "backend" && view.problem.code === "last_way_in";
}

function Question({ user, binding, what, onClose }: QuestionProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { forceUnbind } = useRights();
  const unbind = useMutation({
    mutationFn: (force: boolean) => call(commands.unbind(user.id, binding.id, force)),
    onSuccess: () => {
      notifications.show({ message: t("users.unbind.done", { what }) });
      onClose();
      return client.invalidateQueries({ queryKey: ["users"] });
    },
  });
  const lastWayIn = isLastWayIn(unbind.error);
  const name = user.name ?? t("users.unnamed");
  const comesBack =
    binding.union_id !== null &&
    user.bindings.some((one) => one.id !== binding.id && one.union_id === binding.union_id);
  return (
    <Stack gap="md">
      <p>{t("users.unbind.meaning", { name, what })}</p>
      {comesBack && <p>{t("users.unbind.comesBack")}</p>}
      {unbind.error && <ErrorNotice error={unbind.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" data-autofocus onClick={onClose}>
          {t("common.cancel")}
        </Button>
        {!lastWayIn && (
          <Button
            loading={unbind.isPending}
            data-testid="unbind-confirm"
            onClick={() => unbind.mutate(false)}
          >
            {t("users.unbind.action")}
          </Button>
        )}
        {lastWayIn && forceUnbind && (
          <Button loading={unbind.isPending} data-testid="unbind-force" onClick={() => unbind.mutate(true)}>
            {t("users.unbind.force")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
