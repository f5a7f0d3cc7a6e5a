// Says which user a refused person is: find the user, look, bind.
import { Button, Group, Modal, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { FindUser } from "@/features/users/FindUser";
import type { RefusedPerson, UserRow } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

interface BindDialogProps {
  opened: boolean;
  person: RefusedPerson;
  name: string;
  onClose: () => void;
  onBound: () => void;
}

export function BindDialog(props: BindDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t("refused.bind.title", { name: props.name })}
      size={480}
    >
      <Question {...props} />
    </Modal>
  );
}

/** Inside of the dialog, so that the choice is forgotten when it closes. */
function Question({ person, name, onClose, onBound }: BindDialogProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<UserRow | null>(null);
  const userName = chosen?.name ?? t("users.unnamed");
  const bind = useMutation({
    mutationFn: (user: UserRow) => call(commands.admitRefused(person.app_id, person.open_id, user.id)),
    onSuccess: () => {
      notifications.show({ message: t("refused.bind.done", { name, user: userName }) });
      onClose();
      onBound();
    },
  });
  const choose = (user: UserRow | null) => {
    bind.reset();
    setChosen(user);
  };
  return (
    <Stack gap="md">
      <FindUser chosen={chosen} onChoose={choose} />
      {chosen && <p data-testid="bind-meaning">{t("refused.bind.meaning", { name, user: userName })}</p>}
      {chosen?.status === "blocked" && <p>{t("refused.bind.blocked", { user: userName })}</p>}
      {bind.error && <ErrorNotice error={bind.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          disabled={!chosen}
          loading={bind.isPending}
          data-testid="bind-confirm"
          onClick={() => chosen && bind.mutate(chosen)}
        >
          {t("refused.bind.action")}
        </Button>
      </Group>
    </Stack>
  );
}
