// An identifier as support reads it: monospace, shortened in the middle, whole in the tooltip, copied by a click.
import { Tooltip, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { around } from "@/lib/marks";
import { shorten } from "@/lib/shorten";
import { useCopy } from "@/lib/useCopy";

import { Marked } from "./Marked";

import classes from "./Identifier.module.css";

interface IdentifierProps {
  value: string;
  /** What it is: "OpenID". */
  what: string;
  /** Shown in full, for places with room. */
  whole?: boolean;
  /** What was searched for; the part of the value that has it is shown. */
  search?: string;
}

export function Identifier({ value, what, whole = false, search = "" }: IdentifierProps) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  const short = shorten(value);
  const found = search !== "" && !short.toLowerCase().includes(search.trim().toLowerCase());
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
        <Marked text={whole ? value : (found && around(value, search)) || short} search={search} />
      </UnstyledButton>
    </Tooltip>
  );
}
