// One refused person: who, through what, why, how often, and what can be done.
import { Button, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { Identifier } from "@/components/Identifier";
import { Marked } from "@/components/Marked";
import { RelativeTime } from "@/components/RelativeTime";
import { MergeDialog } from "@/features/merge/MergeDialog";
import { Who } from "@/features/users/Who";
import type { RefusedPerson } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { knownConnectionsQuery } from "@/ipc/queries";
import { refusalWords } from "@/lib/errorWords";
import { useRights } from "@/lib/rights";

import { BindDialog } from "./BindDialog";

import classes from "./RefusedPage.module.css";

interface RefusedCardProps {
  person: RefusedPerson;
  /** What was searched for. */
  search: string;
  /** The backend has decided about them. */
  onSettled: () => void;
}

export function RefusedCard({ person, search, onSettled }: RefusedCardProps) {
  const { t } = useTranslation();
  const { editUsers } = useRights();
  const { data: connections } = useQuery(knownConnectionsQuery);
  const connection = connections?.find((one) => one.id === person.connection_id);
  const deleted = connections && t("users.detail.deletedConnection");
  const why = refusalWords(t, person.refusal);
  const name = person.nickname ?? t("refused.unnamed");
  return (
    <article className={classes.card} data-testid="refused" data-open-id={person.open_id}>
      <Who
        id={person.open_id}
        name={person.nickname}
        url={person.avatar_url}
        title={<Marked text={name} search={search} />}
      >
        <span>{connection?.display_name ?? deleted}</span>
        <Identifier value={person.open_id} what="OpenID" search={search} />
        {person.union_id && <Identifier value={person.union_id} what="UnionID" search={search} />}
        <span>{t("refused.times", { count: person.times })}</span>
        <span>
          {t("refused.last")} <RelativeTime at={person.last_seen} />
        </span>
      </Who>
      <p className={classes.why}>
        <span className={classes.reason}>{why.title}</span>
        {why.meaning}
      </p>
      {editUsers && <Actions person={person} name={name} onSettled={onSettled} />}
    </article>
  );
}

interface ActionsProps {
  person: RefusedPerson;
  name: string;
  onSettled: () => void;
}

function Actions({ person, name, onSettled }: ActionsProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const settled = () => {
    onSettled();
    return client.invalidateQueries({ queryKey: ["refused"] });
  };
  const admit = useMutation({
    mutationFn: () => call(commands.admitRefused(person.app_id, person.open_id, null)),
    onSuccess: () => {
      notifications.show({ message: t("refused.admitted", { name }) });
      return settled();
    },
  });
  const forget = useMutation({
    mutationFn: () => call(commands.dismissRefused(person.app_id, person.open_id)),
    onSuccess: () => {
      notifications.show({ message: t("refused.forgotten", { name }) });
      return settled();
    },
  });
  const busy = admit.isPending || forget.isPending;
  const error = admit.error ?? forget.error;
  const [one, other] = person.holders;
  const twoUsers = person.refusal === "two_users" && one !== undefined && other !== undefined;
  return (
    <>
      <div className={classes.actions}>
        {twoUsers ? (
          <MergeHolders kept={one} removed={other} onMerged={settled} />
        ) : (
          <>
            <Bind person={person} name={name} onBound={settled} />
            <Button
              variant="default"
              disabled={busy}
              data-testid="refused-admit"
              onClick={() => {
                forget.reset();
                admit.mutate();
              }}
            >
              {t("refused.admit")}
            </Button>
          </>
        )}
        <Tooltip label={t("refused.forgetHelp")}>
          <Button
            variant="default"
            disabled={busy}
            data-testid="refused-forget"
            onClick={() => {
              admit.reset();
              forget.mutate();
            }}
          >
            {t("refused.forget")}
          </Button>
        </Tooltip>
      </div>
      {error && <ErrorNotice error={error} />}
    </>
  );
}

interface BindProps {
  person: RefusedPerson;
  name: string;
  onBound: () => void;
}

function Bind({ person, name, onBound }: BindProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" data-testid="refused-bind" onClick={() => setOpen(true)}>
        {t("refused.bind.open")}
      </Button>
      <BindDialog
        opened={open}
        person={person}
        name={name}
        onClose={() => setOpen(false)}
        onBound={onBound}
      />
    </>
  );
}

interface MergeHoldersProps {
  kept: string;
  removed: string;
  onMerged: () => void;
}

function MergeHolders({ kept, removed, onMerged }: MergeHoldersProps) {
  const { t } = useTranslation();
  const { mergeUsers } = useRights();
  const [open, setOpen] = useState(false);
  const button = (
    <Button
      variant="default"
      disabled={!mergeUsers}
      data-testid="refused-merge"
      onClick={() => setOpen(true)}
    >
      {t("refused.merge")}
    </Button>
  );
  if (!mergeUsers) {
    return (
      <Tooltip label={t("merge.rights")}>
        <span>{button}</span>
      </Tooltip>
    );
  }
  return (
    <>
      {button}
      <MergeDialog
        opened={open}
        first={kept}
        second={removed}
        onClose={() => setOpen(false)}
        onMerged={onMerged}
      />
    </>
  );
}
