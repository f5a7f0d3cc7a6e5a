// A line of text in a form: label above, its rule below before it is broken, the error in the rule's place after.
import { TextInput, type TextInputProps } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Rule } from "@/ipc/bindings";

interface TextFieldProps extends Omit<TextInputProps, "error" | "description"> {
  label: string;
  name: string;
  help?: string;
  broken?: Rule | undefined;
  mono?: boolean;
}

export function TextField({ help, broken, mono = false, ...input }: TextFieldProps) {
  return (
    <TextInput
      {...input}
      description={broken ? undefined : help}
      error={broken ? <FieldError rule={broken} /> : undefined}
      autoComplete={input.autoComplete ?? "off"}
      autoCorrect="off"
      autoCapitalize="off"
      spellCheck={false}
      {...(mono ? { classNames: { input: "mono" } } : {})}
    />
  );
}

/** The rule a field breaks, in words and with a sign that does not need colour. */
export function FieldError({ rule }: { rule: Rule }) {
  const { t } = useTranslation();
  return (
    <span style={{ display: "flex", gap: 4 }}>
      <IconAlertCircle size={14} stroke={1.5} aria-hidden="true" style={{ flex: "none", marginTop: 2 }} />
      <span>{t(`rules.${rule}`)}</span>
    </span>
  );
}
