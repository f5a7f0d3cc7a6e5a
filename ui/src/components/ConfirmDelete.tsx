// Asks before something is gone for good: names it, says what that means, and has the name typed.
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "./ErrorNotice";

interface ConfirmDeleteProps {
  opened: boolean;
  title: string;
  /** What the person has to type. */
  name: string;
  /** The verb on the button: "Delete connection". */
  action: string;
  /** What is lost, what stays. */
  children: ReactNode;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDelete(props: ConfirmDeleteProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size={460}>
      <Question {...props} />
    </Modal>
  );
}

/** Inside of the dialog, so that what was typed is forgotten when it closes. */
function Question({ name, action, children, busy, error, onConfirm, onClose }: ConfirmDeleteProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const sure = typed.trim() === name;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (sure) onConfirm();
      }}
    >
      <Stack gap="md">
        <div>{children}</div>
        <TextInput
          label={t("common.confirm.typeName", { name })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" disabled={!sure} loading={busy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
