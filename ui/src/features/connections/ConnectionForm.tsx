// The form of a connection, new or stored, with the sheet for WeChat's console beside it.
import { Button, NativeSelect, Switch } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { Notice } from "@/components/Notice";
import { refusedFields, useFieldErrors } from "@/forms/fieldErrors";
import { FormSection, FormShell } from "@/forms/FormShell";
import { TextField } from "@/forms/TextField";
import type { Connection, ConnectionDraft, VerificationFile } from "@/ipc/bindings";
import { call, errorView } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { connectionsQuery, sandboxAppsQuery } from "@/ipc/queries";
import { useRights } from "@/lib/rights";

import { draftOf, hasCallback, valuesOf, type ConnectionValues } from "./draft";
import { SecretField } from "./SecretField";
import { SetupSheet } from "./SetupSheet";
import { useSetupSheet } from "./useSetupSheet";
import { VerificationFileField } from "./VerificationFileField";

import classes from "./ConnectionForm.module.css";

interface ConnectionFormProps {
  /** What the form begins with. */
  initial: ConnectionValues;
  /** The stored connection, or null for a new one. */
  existing: Connection | null;
  save: (draft: ConnectionDraft) => Promise<Connection>;
  onSaved: (connection: Connection) => void;
  /** Hears whether something typed is not saved yet. */
  onDirty?: (dirty: boolean) => void;
  /** Leaves a new connection alone. */
  onCancel: () => void;
}

export function ConnectionForm({ initial, existing, save, onSaved, onDirty, onCancel }: ConnectionFormProps) {
  const { t } = useTranslation();
  const { control, register, handleSubmit, reset, getValues, setValue, setFocus, formState } = useForm({
    defaultValues: initial,
  });
  const values = useWatch({ control }) as ConnectionValues;
  const draft = draftOf(values, existing);
  const [check] = useState(() => (asked: ConnectionDraft) => call(commands.checkConnection(asked, existing)));
  const errors = useFieldErrors(draft, check);
  const sheet = useSetupSheet(draft);
  const [submitError, setSubmitError] = useState<unknown>(null);
  const client = useQueryClient();
  const { changeConnections } = useRights();

  const { isDirty } = formState;
  useEffect(() => onDirty?.(isDirty), [onDirty, isDirty]);

  // Somebody else changed the connection, or it was just saved: what was not typed over follows.
  const version = existing?.updated_at;
  useEffect(() => {
    if (existing && version) reset(valuesOf(existing), { keepDirtyValues: true });
  }, [existing, version, reset]);

  const submit = handleSubmit(async (typed) => {
    setSubmitError(null);
    try {
      const saved = await save(draftOf(typed, existing));
      reset(valuesOf(saved));
      errors.forget();
      onSaved(saved);
    } catch (error) {
      const fields = refusedFields(errorView(error));
      errors.refuse(fields);
      const first = inputs.find((name) => fields.some((refused) => refused.field === name));
      if (first) setFocus(first);
      if (fields.length === 0) setSubmitError(error);
    }
  });

  /** What others changed comes into the fields that were not typed over. */
  const loadTheirs = () =>
    client.fetchQuery({ ...connectionsQuery, staleTime: 0 }).then(() => setSubmitError(null), setSubmitError);

  /** What every text input of the form has. */
  const field = (name: TextInputName) => ({
    ...register(name, {
      onChange: () => errors.change(name),
      onBlur: () => {
        const typed = getValues(name);
        if (typed !== typed.trim()) setValue(name, typed.trim(), { shouldDirty: true });
        if (typed !== "") errors.touch(name);
      },
    }),
    broken: errors.broken(name),
  });

  return (
    <div className={classes.columns}>
      <FormShell
        label={t("connections.form.label")}
        dirty={isDirty}
        saving={formState.isSubmitting}
        submitError={submitError}
        submitErrorAction={
          isOutdated(submitError) && (
            <Button variant="default" onClick={loadTheirs}>
              {t("connections.loadTheirs")}
            </Button>
          )
        }
        creating={!existing}
        readOnly={!changeConnections}
        saveLabel={existing ? t("common.save") : t("connections.create")}
        discardLabel={existing ? t("common.discard") : t("connections.form.discardNew")}
        saveTestId="save-connection"
        onSubmit={submit}
        onDiscard={() => {
          if (!existing) return onCancel();
          reset(valuesOf(existing));
          errors.forget();
          setSubmitError(null);
        }}
      >
        <FormSection title={t("connections.form.basics")}>
          <TextField
            label={t("connections.form.displayName")}
            help={t("connections.form.displayNameHelp")}
            required
            data-autofocus={!existing}
            {...field("display_name")}
          />
          <TextField
            label={t("connections.form.identifier")}
            help={existing ? t("connections.form.identifierFixed") : t("connections.form.identifierHelp")}
            mono
            required={!existing}
            readOnly={existing !== null}
            {...field("identifier")}
          />
        </FormSection>

        <FormSection title={t("connections.form.credentials")}>
          {changeConnections && (
            <SandboxApp
              kind={values.kind}
              onUse={(app) => {
                setValue("app_id", app.app_id, { shouldDirty: true });
                setValue("app_secret", app.app_secret, { shouldDirty: true });
                errors.change("app_id");
                errors.change("app_secret");
              }}
            />
          )}
          <TextField
            label={t("connections.form.appId")}
            help={t("connections.form.appIdHelp")}
            mono
            required
            placeholder="wx0123456789abcdef"
            {...field("app_id")}
          />
          <SecretField
            stored={existing?.secret ?? null}
            replaceable={changeConnections}
            field={field("app_secret")}
          />
        </FormSection>

        {values.settings?.type === "pushes" && (
          <FormSection title={t("connections.form.pushes")}>
            <NativeSelect
              label={t("connections.form.pushMode")}
              description={t("connections.form.pushModeHelp")}
              value={values.settings.mode}
              onChange={(event) => {
                const mode = pushModes.find((one) => one === event.currentTarget.value) ?? "encrypted";
                setValue("settings", { type: "pushes", mode }, { shouldDirty: true });
                errors.change("encoding_aes_key");
              }}
              data={pushModes.map((mode) => ({
                value: mode,
                label: t(`connections.form.pushModes.${mode}`),
              }))}
            />
            <SecretField
              secret="pushToken"
              stored={existing?.push_token ?? null}
              replaceable={changeConnections}
              field={field("push_token")}
            />
            <SecretField
              secret="encodingAesKey"
              required={values.settings.mode !== "plain"}
              stored={existing?.encoding_aes_key ?? null}
              replaceable={changeConnections}
              field={field("encoding_aes_key")}
            />
          </FormSection>
        )}

        <FormSection title={t("connections.form.web")}>
          {hasCallback(values.kind) && (
            <TextField
              label={t("connections.form.callback")}
              help={t(`connections.form.callbackHelp.${values.kind}`)}
              type="url"
              placeholder="https://"
              {...field("callback_url")}
            />
          )}
          {(changeConnections || values.verification_file) && (
            <VerificationFileField
              value={values.verification_file}
              stored={sameFile(values.verification_file, existing?.verification_file ?? null)}
              servedAt={sheet?.values.find(({ place }) => place === "verification_file_url")?.value}
              brokenName={errors.broken("verification_file.name")}
              brokenContent={errors.broken("verification_file.content")}
              onChange={(file) => {
                setValue("verification_file", file, { shouldDirty: true });
                for (const part of ["verification_file.name", "verification_file.content"]) {
                  errors.change(part);
                  if (file) errors.touch(part);
                }
              }}
            />
          )}
        </FormSection>

        <FormSection title={t("connections.form.rules")}>
          <Switch
            label={t("connections.form.loginOnly")}
            description={t("connections.form.loginOnlyHelp")}
            name="login_only"
            checked={values.login_only}
            onChange={(event) => setValue("login_only", event.currentTarget.checked, { shouldDirty: true })}
          />
          {values.login_only && <Notice tone="waiting" title={t("connections.form.loginOnlyWarning")} />}
        </FormSection>
      </FormShell>
      <SetupSheet kind={values.kind} sheet={sheet} />
    </div>
  );
}

/** Whether a save was refused because somebody else had saved before. */
const isOutdated = (error: unknown): boolean => {
  const view = errorView(error);
  return view.type === "backend" && view.problem.code === "outdated";
};

/** The text inputs from top to bottom. */
const inputs = [
  "display_name",
  "identifier",
  "app_id",
  "app_secret",
  "push_token",
  "encoding_aes_key",
  "callback_url",
] as const;
type TextInputName = (typeof inputs)[number];

/** How WeChat may send events. */
const pushModes = ["plain", "compatible", "encrypted"] as const;

const sameFile = (one: VerificationFile | null, other: VerificationFile | null) =>
  one?.name === other?.name && one?.content_base64 === other?.content_base64;

/** Offers the sandbox's app of the same kind, when the backend talks to the sandbox. */
function SandboxApp({
  kind,
  onUse,
}: {
  kind: ConnectionValues["kind"];
  onUse: (app: { app_id: string; app_secret: string }) => void;
}) {
  const { t } = useTranslation();
  const { data: apps = [] } = useQuery(sandboxAppsQuery);
  const app = apps.find((candidate) => candidate.kind === kind);
  if (!app) return null;
  return (
    <div className={classes.sandbox}>
      <span>{t("connections.form.sandboxHelp")}</span>
      <Button
        variant="default"
        leftSection={<IconFlask size={16} stroke={1.5} />}
        onClick={() => onUse(app)}
        data-testid="use-sandbox-app"
      >
        {t("connections.form.sandboxApp")}
      </Button>
    </div>
  );
}
