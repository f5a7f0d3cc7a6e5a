// An identifier as support reads it: monospace, shortened in the middle, whole in the tooltip, copied by a click.
import { Tooltip, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { shorten } from "@/lib/shorten";
import { useCopy } from "@/lib/useCopy";

import classes from "./Identifier.module.css";

interface IdentifierProps {
  value: string;
  /** What it is: "OpenID". */
  what: string;
  /** Shown in full, for places with room. */
  whole?: boolean;
}

export function Identifier({ value, what, whole = false }: IdentifierProps) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <Tooltip
      label={copied ? t("common.copied") : <span className="mono">{value}</span>}
      maw={420}
      {...(copied ? { opened: true } : {})}
    >
      <UnstyledButton
        className={classes.identifier}
        aria-label={`${t("common.copyNamed", { what })}: ${value}`}
        onClick={(event) => {
          event.stopPropagation();
          // Nothing was lost if the clipboard refuses; the whole value stands in the tooltip.
          copy(value).catch(() => {});
        }}
        onKeyDown={(event) => event.stopPropagation()}
      >
        {whole ? value : shorten(value)}
      </UnstyledButton>
    </Tooltip>
  );
}
