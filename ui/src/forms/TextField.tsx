// A line of text in a form: label above, its rule below before it is broken, the error in the rule's place after.
import { TextInput, type TextInputProps } from "@mantine/core";
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
  const { t } = useTranslation();
  return (
    <TextInput
      {...input}
      description={broken ? undefined : help}
      error={broken ? t(`rules.${broken}`) : undefined}
      autoComplete={input.autoComplete ?? "off"}
      autoCorrect="off"
      autoCapitalize="off"
      spellCheck={false}
      {...(mono ? { classNames: { input: "mono" } } : {})}
    />
  );
}
