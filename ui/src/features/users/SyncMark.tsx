// Whether the backend has an edit: an icon and a word, quiet when all is well.
import { IconArrowsSplit2, IconBan, IconCheck, IconClockHour4 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { SyncMark as Mark } from "@/ipc/bindings";

import classes from "./SyncMark.module.css";

const icons = {
  synced: IconCheck,
  pending: IconClockHour4,
  rejected: IconBan,
  conflict: IconArrowsSplit2,
} satisfies Record<Mark, unknown>;

interface SyncMarkProps {
  mark: Mark;
  /** In a list what is synced shows the icon alone; the word is still read aloud. */
  quiet?: boolean;
}

export function SyncMark({ mark, quiet = false }: SyncMarkProps) {
  const { t } = useTranslation();
  const Icon = icons[mark];
  return (
    <span className={classes.mark} data-sync={mark}>
      <Icon size={16} stroke={1.5} aria-hidden="true" />
      <span className={quiet && mark === "synced" ? "visually-hidden" : undefined}>
        {t(`users.sync.${mark}`)}
      </span>
    </span>
  );
}
