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

/** A form that is open: for a new key, or for an existing one. */
type Form = typeof newKey | `key ${string}`;
const newKey = "new";

export function MetadataSection({ user }: { user: UserDetail }) {
  const { t } = useTranslation();
  // Several may be open, so that opening one takes away nothing that is typed in another.
  const [open, setOpen] = useState<ReadonlySet<Form>>(new Set());
  const show = (form: Form) => setOpen((before) => new Set(before).add(form));
  const hide = (form: Form) => setOpen((before) => new Set([...before].filter((other) => other !== form)));
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
          onClick={() => show(newKey)}
        >
          {t("users.metadata.add")}
        </Button>
      }
    >
      {open.has(newKey) && (
        <MetadataForm
          userId={user.id}
          taken={user.metadata.flatMap(({ key, json }) => (json === null ? [] : [key]))}
          onDone={() => hide(newKey)}
        />
      )}
      {user.metadata.length === 0 && gone.length === 0 && !open.has(newKey) && (
        <p className={classes.quiet}>{t("users.metadata.empty")}</p>
      )}
      {refused.error || refused.fields.length > 0 ? <ErrorNotice error={refused.error} /> : null}
      <ul className={classes.entries}>
        {user.metadata.map((item) =>
          open.has(`key ${item.key}`) && item.json !== null ? (
            <li key={item.key}>
              <MetadataForm
                userId={user.id}
                existing={{ key: item.key, json: item.json }}
                onDone={() => hide(`key ${item.key}`)}
              />
            </li>
          ) : (
            <MetadataEntry
              key={item.key}
              item={item}
              onEdit={() => show(`key ${item.key}`)}
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
