// A secret: typed once, afterwards only a fingerprint, its age and an empty field to replace it.
import { Trans, useTranslation } from "react-i18next";

import { RelativeTime } from "@/components/RelativeTime";
import { TextField } from "@/forms/TextField";
import type { Rule, SecretState } from "@/ipc/bindings";

import classes from "./SecretField.module.css";

interface SecretFieldProps {
  /** Which secret. */
  secret?: "appSecret" | "pushToken" | "encodingAesKey";
  /** Whether there has to be one. */
  required?: boolean;
  /** What is known of the stored secret, or null if there is none yet. */
  stored: SecretState | null;
  /** Whether the operator may set another. */
  replaceable: boolean;
  /** The input's registration and the rule it breaks. */
  field: { name: string; broken: Rule | undefined };
}

export function SecretField({
  secret = "appSecret",
  required = true,
  stored,
  replaceable,
  field,
}: SecretFieldProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.secret}>
      {stored && (
        <div className={classes.stored} data-testid="stored-secret">
          <span className={classes.label}>{t("connections.form.storedSecret")}</span>
          <span>
            {t("connections.form.fingerprint")} <code>{stored.fingerprint}</code>
            <Trans
              i18nKey="connections.form.set"
              components={{ time: <RelativeTime at={stored.set_at} /> }}
            />
          </span>
        </div>
      )}
      {replaceable && (
        <TextField
          label={t(stored ? `connections.form.replace.${secret}` : `connections.form.${secret}`)}
          help={t(stored ? "connections.form.replaceSecretHelp" : `connections.form.${secret}Help`)}
          {...(stored ? { placeholder: t("connections.form.replaceSecretPlaceholder") } : {})}
          type="password"
          autoComplete="new-password"
          mono
          required={required && !stored}
          {...field}
        />
      )}
    </div>
  );
}
