// One key of a person's metadata: the value, who set it and when, and whether the backend has it.
import { ActionIcon, Button } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "@/components/RelativeTime";
import type { MetadataItem } from "@/ipc/bindings";
import { rejectionWords } from "@/lib/errorWords";

import { readable } from "./jsonText";
import { SyncMark } from "./SyncMark";

import classes from "./Metadata.module.css";

interface MetadataEntryProps {
  item: MetadataItem;
  onEdit: () => void;
  onRemove: () => void;
  /** Takes a removal back, where the value is still known. */
  onUndo: (() => void) | undefined;
}

/** In whose name the backend takes over what users had before. */
const importer = "import";

export function MetadataEntry({ item, onEdit, onRemove, onUndo }: MetadataEntryProps) {
  const { t } = useTranslation();
  const removed = item.json === null;
  const actor = item.actor ?? (item.sync === "synced" ? null : t("users.metadata.you"));
  return (
    <li className={classes.entry} data-testid="metadata-entry" data-key={item.key} data-sync={item.sync}>
      <div className={classes.key} data-removed={removed}>
        {item.key}
      </div>
      <div className={classes.value}>
        {item.json === null ? (
          <span className={classes.quiet}>{t("users.metadata.removing")}</span>
        ) : (
          <pre className={classes.json}>{readable(item.json)}</pre>
        )}
        <div className={classes.facts}>
          <SyncMark mark={item.sync} />
          {actor && (
            <span>{actor === importer ? t("users.sources.import") : t("users.metadata.by", { actor })}</span>
          )}
          {item.at !== null && <RelativeTime at={item.at} />}
        </div>
        {item.rejection && <Rejection rejection={item.rejection} />}
      </div>
      <div className={classes.actions}>
        {removed ? (
          onUndo && (
            <Button variant="default" data-testid="metadata-undo" onClick={onUndo}>
              {t("users.metadata.undo")}
            </Button>
          )
        ) : (
          <>
            <ActionIcon
              variant="subtle"
              color="slate"
              data-testid="metadata-edit"
              aria-label={t("users.metadata.edit", { key: item.key })}
              onClick={onEdit}
            >
              <IconPencil size={16} stroke={1.5} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="slate"
              data-testid="metadata-remove"
              aria-label={t("users.metadata.remove", { key: item.key })}
              onClick={onRemove}
            >
              <IconTrash size={16} stroke={1.5} />
            </ActionIcon>
          </>
        )}
      </div>
    </li>
  );
}

function Rejection({ rejection }: { rejection: NonNullable<MetadataItem["rejection"]> }) {
  const { t } = useTranslation();
  const words = rejectionWords(t, rejection);
  return (
    <p className={classes.rejection}>
      <strong className={classes.reason}>{words.title}</strong>
      {words.meaning} {words.advice}
    </p>
  );
}
