// The merges of a person that can still be undone, and the way to a new one.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { Identifier } from "@/components/Identifier";
import { RelativeTime } from "@/components/RelativeTime";
import { Section } from "@/features/users/Section";
import type { Merge, UserId } from "@/ipc/bindings";
import { useRights } from "@/lib/rights";

import { MergeDialog } from "./MergeDialog";
import { mergesQuery } from "./queries";
import { useUndoMerge } from "./useUndoMerge";

import classes from "./MergeDialog.module.css";

interface MergeSectionProps {
  id: UserId;
  /** Opens the user who stayed. */
  onMerged: (kept: UserId) => void;
}

/** Nothing for those who may not merge: they see neither merges nor the way to one. */
export function MergeSection({ id, onMerged }: MergeSectionProps) {
  const { mergeUsers } = useRights();
  return mergeUsers ? <Merges id={id} onMerged={onMerged} /> : null;
}

function Merges({ id, onMerged }: MergeSectionProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const { data } = useQuery(mergesQuery);
  const standing = data?.filter((merge) => merge.kept === id && merge.undone_at === null) ?? [];
  return (
    <Section
      title={t("merge.section")}
      action={
        <Button variant="default" data-testid="merge-open" onClick={() => setOpen(true)}>
          {t("merge.open")}
        </Button>
      }
    >
      {standing.length === 0 && <p className={classes.facts}>{t("merge.none")}</p>}
      {standing.map((merge) => (
        <StandingMerge key={merge.id} merge={merge} />
      ))}
      <MergeDialog opened={open} first={id} onClose={() => setOpen(false)} onMerged={onMerged} />
    </Section>
  );
}

function StandingMerge({ merge }: { merge: Merge }) {
  const { t } = useTranslation();
  const undo = useUndoMerge(merge.id);
  return (
    <>
      <div className={classes.standing} data-testid="standing-merge">
        <span className={classes.facts}>
          <Identifier value={merge.removed} what={t("users.detail.id")} />
          <span>{t("merge.by", { actor: merge.actor })}</span>
          <RelativeTime at={merge.at} />
        </span>
        <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>
          {t("merge.undo")}
        </Button>
      </div>
      {undo.error && <ErrorNotice error={undo.error} />}
    </>
  );
}
