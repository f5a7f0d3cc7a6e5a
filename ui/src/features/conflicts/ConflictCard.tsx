// Two edits of one field, side by side, for a person to decide.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { RelativeTime } from "@/components/RelativeTime";
import { readable } from "@/features/users/jsonText";
import type { Conflict, Keep } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

import classes from "./ConflictCard.module.css";

interface ConflictCardProps {
  conflict: Conflict;
  /** Where it stands: beside its person, or among others, where the person has to be named. */
  within: "person" | "list";
}

export function ConflictCard({ conflict, within }: ConflictCardProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (keep: Keep) => call(commands.resolveConflict(conflict.id, keep)),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["conflicts"] }),
        client.invalidateQueries({ queryKey: ["users"] }),
      ]),
  });
  const name = conflict.user_name ?? t("users.unnamed");
  return (
    <article className={classes.card} data-testid="conflict" data-key={conflict.key}>
      <h3 className={classes.title}>
        {within === "list" ? (
          <Link to="/users/$id" params={{ id: conflict.user_id }} className={classes.link}>
            {t("users.conflicts.what", { key: conflict.key, name })}
          </Link>
        ) : (
          <code>{conflict.key}</code>
        )}
      </h3>
      <div className={classes.sides}>
        <Side
          title={t("users.conflicts.mine")}
          who={t("users.conflicts.mineBy")}
          value={conflict.mine ?? t("users.conflicts.removed")}
          absent={conflict.mine === null}
          action={
            <Button
              variant="default"
              data-testid="keep-mine"
              disabled={isPending}
              onClick={() => mutate("mine")}
            >
              {t("users.conflicts.keepMine")}
            </Button>
          }
        />
        <Side
          title={t("users.conflicts.theirs")}
          who={
            <>
              {conflict.actor}
              {conflict.actor !== null && conflict.at !== null && " · "}
              {conflict.at !== null && <RelativeTime at={conflict.at} />}
            </>
          }
          value={conflict.theirs ?? t("users.conflicts.removed")}
          absent={conflict.theirs === null}
          action={
            <Button
              variant="default"
              data-testid="keep-theirs"
              disabled={isPending}
              onClick={() => mutate("theirs")}
            >
              {t("users.conflicts.keepTheirs")}
            </Button>
          }
        />
        <Side
          title={t("users.conflicts.base")}
          value={conflict.base ?? t("users.conflicts.absent")}
          absent={conflict.base === null}
        />
      </div>
      {error && <ErrorNotice error={error} />}
    </article>
  );
}

interface SideProps {
  title: string;
  who?: ReactNode;
  value: string;
  /** There is no value; the words in its place say why. */
  absent: boolean;
  action?: ReactNode;
}

function Side({ title, who, value, absent, action }: SideProps) {
  return (
    <div className={classes.side} data-decides={action !== undefined}>
      <div className={classes.head}>
        <span className={classes.name}>{title}</span>
        {who && <span className={classes.who}>{who}</span>}
      </div>
      {absent ? (
        <span className={classes.absent}>{value}</span>
      ) : (
        <pre className={classes.json}>{readable(value)}</pre>
      )}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
