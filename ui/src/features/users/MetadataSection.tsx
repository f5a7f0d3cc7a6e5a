// A person's metadata: read, add, change, remove and take back.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { MetadataItem, UserDetail } from "@/ipc/bindings";

import { MetadataEntry } from "./MetadataEntry";
import { MetadataForm } from "./MetadataForm";
import { Section } from "./Section";
import { useEditMetadata } from "./useEditMetadata";

import classes from "./Metadata.module.css";

/** The form that is open: for a new key, for an existing one, or none. */
type Open = { for: "new" } | { for: "key"; key: string } | null;

export function MetadataSection({ user }: { user: UserDetail }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<Open>(null);
  const { removed, refused, remove, undo } = useRemovals(user);
  const gone = [...removed].filter(([key]) => !user.metadata.some((item) => item.key === key));

  return (
    <Section
      title={t("users.detail.metadata")}
      action={
        <Button
          variant="default"
          data-testid="metadata-add"
          leftSection={<IconPlus size={16} stroke={1.5} />}
          onClick={() => setOpen({ for: "new" })}
        >
          {t("users.metadata.add")}
        </Button>
      }
    >
      {open?.for === "new" && <MetadataForm userId={user.id} onDone={() => setOpen(null)} />}
      {user.metadata.length === 0 && gone.length === 0 && open?.for !== "new" && (
        <p className={classes.quiet}>{t("users.metadata.empty")}</p>
      )}
      {refused.error || refused.fields.length > 0 ? <ErrorNotice error={refused.error} /> : null}
      <ul className={classes.entries}>
        {user.metadata.map((item) =>
          open?.for === "key" && open.key === item.key && item.json !== null ? (
            <li key={item.key}>
              <MetadataForm
                userId={user.id}
                existing={{ key: item.key, json: item.json }}
                onDone={() => setOpen(null)}
              />
            </li>
          ) : (
            <MetadataEntry
              key={item.key}
              item={item}
              onEdit={() => setOpen({ for: "key", key: item.key })}
              onRemove={() => remove(item)}
              onUndo={removed.has(item.key) ? () => undo(item.key) : undefined}
            />
          ),
        )}
        {gone.map(([key]) => (
          <li key={key} className={classes.entry} data-testid="metadata-removed">
            <span className={classes.gone}>{t("users.metadata.removed", { key })}</span>
            <Button variant="default" data-testid="metadata-undo" onClick={() => undo(key)}>
              {t("users.metadata.undo")}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Removals of this sitting, with the values that an undo puts back. */
function useRemovals(user: UserDetail) {
  const { edit, refused } = useEditMetadata();
  const [removed, setRemoved] = useState<ReadonlyMap<string, string>>(new Map());
  const remove = async ({ key, json }: MetadataItem) => {
    if (json !== null && (await edit({ user_id: user.id, key, json: null }))) {
      setRemoved((before) => new Map(before).set(key, json));
    }
  };
  const undo = async (key: string) => {
    const json = removed.get(key);
    if (json === undefined || !(await edit({ user_id: user.id, key, json }))) return;
    setRemoved((before) => new Map([...before].filter(([other]) => other !== key)));
  };
  return { removed, refused, remove, undo };
}
