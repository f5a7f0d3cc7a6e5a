// Makes two users one: who stays, what differs and which value is taken, what comes of it.
import { Button, Group, List, Modal, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { FindUser } from "@/features/users/FindUser";
import type { MergeRequest, MergeView, Side, UserId, UserRow } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

import { Differences } from "./Differences";
import { MergedNotice } from "./MergedNotice";
import { MergeSide } from "./MergeSide";
import { mergePreviewQuery } from "./queries";

import classes from "./MergeDialog.module.css";

/** How long the way back is offered where the merge was made, in milliseconds; the person's panel has it for 30 days. */
const noticeStays = 30_000;

interface MergeDialogProps {
  opened: boolean;
  first: UserId;
  /** Who the other one is; absent lets the operator find them. */
  second?: UserId;
  onClose: () => void;
  /** Hears who stayed. */
  onMerged: (kept: UserId) => void;
}

export function MergeDialog(props: MergeDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("merge.title")} size={760}>
      <Steps {...props} />
    </Modal>
  );
}

/** Inside of the dialog, so that choices are forgotten when it closes. */
function Steps({ first, second, onClose, onMerged }: MergeDialogProps) {
  const [other, setOther] = useState(second);
  if (other === undefined) return <ChooseOther first={first} onClose={onClose} onChosen={setOther} />;
  return <Decide first={first} second={other} onClose={onClose} onMerged={onMerged} />;
}

interface ChooseOtherProps {
  first: UserId;
  onClose: () => void;
  onChosen: (other: UserId) => void;
}

function ChooseOther({ first, onClose, onChosen }: ChooseOtherProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<UserRow | null>(null);
  return (
    <Stack gap="md">
      <FindUser chosen={chosen} onChoose={setChosen} except={first} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button disabled={!chosen} data-testid="merge-compare" onClick={() => chosen && onChosen(chosen.id)}>
          {t("merge.compare")}
        </Button>
      </Group>
    </Stack>
  );
}

interface DecideProps {
  first: UserId;
  second: UserId;
  onClose: () => void;
  onMerged: (kept: UserId) => void;
}

function Decide({ first, second, onClose, onMerged }: DecideProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [request, setRequest] = useState<MergeRequest>({ kept: first, removed: second, choices: {} });
  const { data: view, error, isPlaceholderData, refetch } = useQuery(mergePreviewQuery(request));
  const merge = useMutation({
    mutationFn: () => call(commands.merge(request)),
    onSuccess: (merged) => {
      const id = `merged ${merged.id}`;
      notifications.show({
        id,
        autoClose: noticeStays,
        message: <MergedNotice merge={merged} onUndone={() => notifications.hide(id)} />,
      });
      client.invalidateQueries({ queryKey: ["refused"] });
      client.invalidateQueries({ queryKey: ["merges"] });
      client.invalidateQueries({ queryKey: ["users"] });
      onClose();
      onMerged(merged.kept);
    },
  });
  const swap = () => {
    merge.reset();
    // A choice names a side, and the sides have changed.
    setRequest({ kept: request.removed, removed: request.kept, choices: {} });
  };
  const choose = (field: string, side: Side) => {
    merge.reset();
    setRequest({ ...request, choices: { ...request.choices, [field]: side } });
  };
  return (
    <Stack gap="md">
      {error && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {!view && !error && <DelayedSkeleton rows={5} />}
      {view && <Comparison view={view} onSwap={swap} onChoose={choose} />}
      {merge.error && <ErrorNotice error={merge.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          // What is shown must be what happens.
          disabled={!view || error !== null || isPlaceholderData}
          loading={merge.isPending}
          data-testid="merge-confirm"
          onClick={() => merge.mutate()}
        >
          {t("merge.action")}
        </Button>
      </Group>
    </Stack>
  );
}

interface ComparisonProps {
  view: MergeView;
  onSwap: () => void;
  onChoose: (field: string, side: Side) => void;
}

function Comparison({ view, onSwap, onChoose }: ComparisonProps) {
  const { t } = useTranslation();
  const nameOf = (user: MergeView["kept"]) => user.name ?? t("users.unnamed");
  const { kept, removed, result, differences } = view;
  return (
    <>
      <div className={classes.sides}>
        <MergeSide side="kept" user={kept} />
        <MergeSide side="removed" user={removed} />
      </div>
      <Button variant="default" className={classes.swap ?? ""} data-testid="merge-swap" onClick={onSwap}>
        {t("merge.swap")}
      </Button>
      <Differences differences={differences} onChoose={onChoose} />
      <section aria-label={t("merge.result")} data-testid="merge-result">
        <h3 className={classes.heading}>{t("merge.result")}</h3>
        <p>
          {t("merge.resultIs", {
            name: nameOf(result),
            status: t(`users.status.${result.status}`),
            bindings: t("merge.bindings", { count: result.bindings.length }),
          })}
        </p>
      </section>
      <Notice tone="waiting" title={t("merge.warning.title", { name: nameOf(removed) })}>
        <List size="sm" spacing={2}>
          <List.Item>{t("merge.warning.bindings", { count: removed.bindings.length })}</List.Item>
          <List.Item>{t("merge.warning.sessions")}</List.Item>
          <List.Item>{t("merge.warning.undo")}</List.Item>
        </List>
      </Notice>
    </>
  );
}
