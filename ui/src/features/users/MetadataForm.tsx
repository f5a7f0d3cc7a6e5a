// Adds a key, or changes the value of one.
import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { UserId } from "@/ipc/bindings";

import { asText, readable } from "./jsonText";
import { useEditMetadata } from "./useEditMetadata";

import classes from "./Metadata.module.css";

interface MetadataFormProps {
  userId: UserId;
  /** The key that is changed; absent adds one. */
  existing?: { key: string; json: string };
  onDone: () => void;
}

export function MetadataForm({ userId, existing, onDone }: MetadataFormProps) {
  const { t } = useTranslation();
  const [key, setKey] = useState(existing?.key ?? "");
  const [value, setValue] = useState(existing ? readable(existing.json) : "");
  const { edit, busy, refused, forget } = useEditMetadata();
  // The form opens because somebody asked for it, and they mean to type.
  const first = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);
  const broken = (field: string) => {
    const rule = refused.fields.find((one) => one.field === field)?.rule;
    return rule ? t(`rules.${rule}`) : null;
  };
  const save = async (json: string) => {
    if (await edit({ user_id: userId, key, json })) onDone();
  };
  const text = asText(value);
  const hear = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    // Escape leaves the form; the panel around it stays.
    event.preventDefault();
    event.stopPropagation();
    onDone();
  };

  return (
    // Hears Escape from its fields.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className={classes.form}
      onKeyDown={hear}
      onSubmit={(event) => {
        event.preventDefault();
        save(value.trim());
      }}
    >
      {!existing && (
        <TextInput
          name="key"
          data-testid="metadata-key"
          label={t("users.metadata.key")}
          description={broken("key") ? undefined : t("users.metadata.keyRule")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          error={broken("key")}
          value={key}
          autoComplete="off"
          spellCheck={false}
          ref={existing ? undefined : first}
          onChange={(event) => {
            setKey(event.currentTarget.value);
            forget();
          }}
        />
      )}
      <Textarea
        name="value"
        data-testid="metadata-value"
        label={existing ? existing.key : t("users.metadata.value")}
        description={broken("value") ? undefined : t("users.metadata.valueRule")}
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
      {text !== null && (
        <div className={classes.offer}>
          <span>{t("users.metadata.notJson")}</span>
          <Button
            variant="default"
            data-testid="metadata-save-as-text"
            disabled={busy}
            onClick={() => save(text)}
          >
            <span className={classes.offered}>{t("users.metadata.asText", { text })}</span>
          </Button>
        </div>
      )}
      {refused.error ? <ErrorNotice error={refused.error} /> : null}
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" data-testid="metadata-save" loading={busy}>
          {t("users.metadata.save")}
        </Button>
      </Group>
    </form>
  );
}
