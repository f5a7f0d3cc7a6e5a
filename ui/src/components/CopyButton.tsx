// Copies a text and says so in its own place.
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCopy } from "@/lib/useCopy";

interface CopyButtonProps {
  /** The text, or a function that makes it when asked. */
  text: string | (() => string);
  /** What is copied, for people who do not see the place: "AppID". */
  what: string;
  /** With a label it is a button with words, without one an icon. */
  label?: string;
}

export function CopyButton({ text, what, label }: CopyButtonProps) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  const [refused, setRefused] = useState(false);
  const take = () => {
    setRefused(false);
    copy(typeof text === "string" ? text : text()).catch(() => setRefused(true));
  };
  const icon = copied ? <IconCheck size={16} stroke={1.5} /> : <IconCopy size={16} stroke={1.5} />;
  const said = copied ? t("common.copied") : refused ? t("common.copyRefused") : null;
  if (label) {
    return (
      <Button variant="default" leftSection={icon} onClick={take}>
        {said ?? label}
      </Button>
    );
  }
  return (
    <Tooltip label={said ?? t("common.copyNamed", { what })} {...(said ? { opened: true } : {})}>
      <ActionIcon variant="subtle" color="slate" aria-label={t("common.copyNamed", { what })} onClick={take}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
