// Adds a key, or changes the value of one.
import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { LeaveGuard } from "@/forms/FormShell";
import type { UserId } from "@/ipc/bindings";

import { asText, readable } from "./jsonText";
import { useEditMetadata } from "./useEditMetadata";

import classes from "./Metadata.module.css";

interface MetadataFormProps {
  userId: UserId;
  /** The key that is changed; absent adds one. */
  existing?: { key: string; json: string };
  /** Keys that are there already; adding one of them again would overwrite it. */
  taken?: readonly string[];
  onDone: () => void;
}

export function MetadataForm({ userId, existing, taken, onDone }: MetadataFormProps) {
  const { t } = useTranslation();
  const [key, setKey] = useState(existing?.key ?? "");
  const [begun] = useState(existing ? readable(existing.json) : "");
  const [value, setValue] = useState(begun);
  const [keyTaken, setKeyTaken] = useState(false);
  const dirty = value !== begun || key !== (existing?.key ?? "");
  const { edit, busy, refused, forget } = useEditMetadata();
  // The form opens because somebody asked for it, and they mean to type.
  const first = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);
  const broken = (field: string) => {
    const rule = refused.fields.find((one) => one.field === field)?.rule;
    return rule ? t(`rules.${rule}`) : null;
  };
  const brokenKey = keyTaken ? t("users.metadata.keyTaken") : broken("key");
  const text = asText(value);
  const save = async () => {
    if (taken?.includes(key)) return setKeyTaken(true);
    if (await edit({ user_id: userId, key, json: text ?? value.trim() })) onDone();
  };
  const hear = (event: KeyboardEvent) => {
    // With something typed in it, Escape goes on to the panel, whose leaving asks.
    if (event.key !== "Escape" || dirty) return;
    // Escape leaves the form; the panel around it stays.
    event.preventDefault();
    event.stopPropagation();
    onDone();
  };

  const valueHelp =
    text === null ? (
      t("users.metadata.valueRule")
    ) : (
      <span className={classes.asText}>{t("users.metadata.asText", { text })}</span>
    );

  return (
    // Hears Escape from its fields.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className={classes.form}
      onKeyDown={hear}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {!existing && (
        <TextInput
          name="key"
          data-testid="metadata-key"
          label={t("users.metadata.key")}
          description={brokenKey ? undefined : t("users.metadata.keyRule")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          error={brokenKey}
          value={key}
          autoComplete="off"
          spellCheck={false}
          ref={existing ? undefined : first}
          onChange={(event) => {
            setKey(event.currentTarget.value);
            setKeyTaken(false);
            forget();
          }}
        />
      )}
      <Textarea
        name="value"
        data-testid="metadata-value"
        label={existing ? existing.key : t("users.metadata.value")}
        description={broken("value") ? undefined : valueHelp}
        inputWrapperOrder={["label", "input", "description", "error"]}
        error={broken("value")}
        classNames={{ input: classes.typed ?? "" }}
        value={value}
        autosize
        minRows={1}
        maxRows={12}
        autoComplete="off"
        spellCheck={false}
        ref={existing ? first : undefined}
        onChange={(event) => {
          setValue(event.currentTarget.value);
          forget();
        }}
      />
      {refused.error ? <ErrorNotice error={refused.error} /> : null}
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" data-testid="metadata-save" loading={busy}>
          {t("users.metadata.save")}
        </Button>
      </Group>
      <LeaveGuard dirty={dirty && !busy} />
    </form>
  );
}
