// The domain verification file: dropped, chosen or typed; then its name, its size and where it is served.
import { ActionIcon, Anchor, Button, Textarea, TextInput, Tooltip } from "@mantine/core";
import { IconFileText, IconTrash } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { FieldError } from "@/forms/TextField";
import type { Rule, VerificationFile } from "@/ipc/bindings";
import { base64, base64ToText, fromBase64, textToBase64 } from "@/lib/bytes";

import classes from "./VerificationFileField.module.css";

interface VerificationFileFieldProps {
  value: VerificationFile | null;
  /** Whether the backend has exactly this file. */
  stored: boolean;
  /** The address at which WeChat reads it, once that is known. */
  servedAt: string | undefined;
  brokenName: Rule | undefined;
  brokenContent: Rule | undefined;
  onChange: (file: VerificationFile | null) => void;
}

export function VerificationFileField({
  servedAt,
  stored,
  value,
  brokenName,
  brokenContent,
  onChange,
}: VerificationFileFieldProps) {
  const { t } = useTranslation();
  const [typing, setTyping] = useState(false);
  const broken = brokenContent ?? brokenName;
  return (
    <div role="group" aria-label={t("connections.form.verification")} className={classes.field}>
      <div className={classes.label}>{t("connections.form.verification")}</div>
      {typing ? (
        <TypedFile
          value={value}
          brokenName={brokenName}
          brokenContent={brokenContent}
          onChange={onChange}
          onDone={() => setTyping(false)}
        />
      ) : value ? (
        <ChosenFile value={value} stored={stored} servedAt={servedAt} onRemove={() => onChange(null)} />
      ) : (
        <DropZone onFile={onChange} onType={() => setTyping(true)} />
      )}
      {!typing && broken ? (
        <div className={classes.error} role="alert">
          <FieldError rule={broken} />
        </div>
      ) : (
        <p className={classes.help}>{t("connections.form.verificationHelp")}</p>
      )}
    </div>
  );
}

interface ChosenFileProps {
  value: VerificationFile;
  stored: boolean;
  servedAt: string | undefined;
  onRemove: () => void;
}

function ChosenFile({ value, stored, servedAt, onRemove }: ChosenFileProps) {
  const { t } = useTranslation();
  const size = fromBase64(value.content_base64).length;
  return (
    <div className={classes.chosen} data-testid="verification-file">
      <IconFileText size={16} stroke={1.5} aria-hidden="true" />
      <span className={classes.words}>
        <code>{value.name}</code>
        {servedAt && (
          <span className={classes.served}>
            {t(stored ? "connections.form.verificationServed" : "connections.form.verificationWillBeServed")}{" "}
            <code>{servedAt}</code>
          </span>
        )}
      </span>
      <span className={classes.size}>
        {t("connections.form.verificationSize", { size: size.toLocaleString() })}
      </span>
      <Tooltip label={t("connections.form.verificationRemove")}>
        <ActionIcon
          variant="subtle"
          color="slate"
          aria-label={t("connections.form.verificationRemove")}
          onClick={onRemove}
        >
          <IconTrash size={16} stroke={1.5} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function DropZone({ onFile, onType }: { onFile: (file: VerificationFile) => void; onType: () => void }) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (file) onFile({ name: file.name, content_base64: base64(new Uint8Array(await file.arrayBuffer())) });
  };
  return (
    <div
      className={classes.drop}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <span>{t("connections.form.verificationDrop")}</span>
      <Anchor component="button" type="button" fz="inherit" onClick={() => input.current?.click()}>
        {t("connections.form.verificationChoose")}
      </Anchor>
      <span aria-hidden="true">·</span>
      <Anchor component="button" type="button" fz="inherit" onClick={onType}>
        {t("connections.form.verificationType")}
      </Anchor>
      <input
        ref={input}
        type="file"
        accept=".txt,text/plain"
        hidden
        aria-label={t("connections.form.verificationChoose")}
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

function TypedFile({
  value,
  brokenName,
  brokenContent,
  onChange,
  onDone,
}: Omit<VerificationFileFieldProps, "servedAt" | "stored"> & { onDone: () => void }) {
  const { t } = useTranslation();
  const name = value?.name ?? "";
  const content = value ? base64ToText(value.content_base64) : "";
  const put = (next: { name: string; content: string }) =>
    onChange(
      next.name === "" && next.content === ""
        ? null
        : { name: next.name.trim(), content_base64: textToBase64(next.content) },
    );
  return (
    <div className={classes.typed}>
      <TextInput
        name="verification_file.name"
        label={t("connections.form.verificationName")}
        placeholder="MP_verify_….txt"
        value={name}
        onChange={(event) => put({ name: event.currentTarget.value, content })}
        error={brokenName && name !== "" ? <FieldError rule={brokenName} /> : undefined}
        spellCheck={false}
        classNames={{ input: "mono" }}
      />
      <Textarea
        name="verification_file.content"
        label={t("connections.form.verificationContent")}
        value={content}
        onChange={(event) => put({ name, content: event.currentTarget.value })}
        error={brokenContent && content !== "" ? <FieldError rule={brokenContent} /> : undefined}
        rows={2}
        spellCheck={false}
        classNames={{ input: "mono" }}
      />
      <Button variant="default" onClick={onDone}>
        {t("connections.form.verificationDone")}
      </Button>
    </div>
  );
}
