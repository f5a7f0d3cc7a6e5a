// A third value for a field that two people changed: neither mine nor theirs as they stand.
import { Button, Group, Textarea } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { asText, readable } from "@/features/users/jsonText";
import { LeaveGuard } from "@/forms/FormShell";
import type { Conflict, Rule } from "@/ipc/bindings";

import { plain } from "./values";

import classes from "./ConflictCard.module.css";

interface EditFormProps {
  conflict: Conflict;
  busy: boolean;
  /** The rule that the last try broke. */
  rule: Rule | undefined;
  onSave: (json: string | null) => void;
  onChange: () => void;
  onCancel: () => void;
}

export function EditForm({ conflict, busy, rule, onSave, onChange, onCancel }: EditFormProps) {
  const { t } = useTranslation();
  const begun = conflict.mine ?? conflict.theirs ?? "";
  const [first] = useState(conflict.field ? plain(begun) : readable(begun));
  const [value, setValue] = useState(first);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const text = conflict.field ? null : asText(value);
  const json = conflict.field ? JSON.stringify(value.trim()) : (text ?? value.trim());
  const help = conflict.field
    ? t("users.conflicts.plainRule")
    : text === null
      ? t("users.metadata.valueRule")
      : t("users.metadata.asText", { text });
  const hear = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || value !== first) return;
    // Escape leaves the form; the panel around it stays.
    event.preventDefault();
    event.stopPropagation();
    onCancel();
  };
  return (
    // Hears Escape from its field.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className={classes.form}
      onKeyDown={hear}
      onSubmit={(event) => {
        event.preventDefault();
        onSave(json);
      }}
    >
      <Textarea
        ref={box}
        name="value"
        data-testid="conflict-value"
        label={t("users.conflicts.third")}
        description={rule ? undefined : help}
        error={rule ? t(`rules.${rule}`) : null}
        classNames={{ input: conflict.field ? "" : (classes.typed ?? "") }}
        value={value}
        autosize
        minRows={1}
        maxRows={12}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setValue(event.currentTarget.value);
          onChange();
        }}
      />
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" data-testid="conflict-save" loading={busy} disabled={value.trim() === ""}>
          {t("users.conflicts.saveThird")}
        </Button>
      </Group>
      <LeaveGuard dirty={value !== first && !busy} />
    </form>
  );
}
