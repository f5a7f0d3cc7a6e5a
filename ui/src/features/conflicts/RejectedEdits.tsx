// Edits the backend refused for good: whose, what was typed, why, and a way to put them away once they were read.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { RelativeTime } from "@/components/RelativeTime";
import { readable } from "@/features/users/jsonText";
import type { RejectedEdit } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { statusQuery } from "@/ipc/queries";
import { rejectionWords } from "@/lib/errorWords";
import { useGrouped } from "@/lib/numbers";

import classes from "./ConflictCard.module.css";

export function RejectedEdits({ edits }: { edits: RejectedEdit[] }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const { data: total = edits.length } = useQuery({ ...statusQuery, select: (status) => status.rejected });
  const { mutate, isPending, error } = usePutAway(() => call(commands.dismissAllRejected()));
  return (
    <section className={classes.rejected} aria-labelledby="rejected-edits">
      <div className={classes.top}>
        <h2 id="rejected-edits" className={classes.heading}>
          {t("users.rejected.title")}
        </h2>
        {total > 1 && (
          <Button
            variant="subtle"
            color="slate"
            size="compact-sm"
            data-testid="put-all-away"
            disabled={isPending}
            onClick={() => mutate()}
          >
            {t("users.rejected.putAllAway", { count: total, shown: grouped(total) })}
          </Button>
        )}
      </div>
      <p className={classes.purpose}>{t("users.rejected.purpose")}</p>
      {error && <ErrorNotice error={error} />}
      {edits.map((edit) => (
        <RejectedCard key={edit.id} edit={edit} />
      ))}
    </section>
  );
}

/** Puts refused edits away and reads anew what showed them. */
function usePutAway(putAway: () => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: putAway,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["rejected"] }),
        client.invalidateQueries({ queryKey: ["users"] }),
      ]),
  });
}

function RejectedCard({ edit }: { edit: RejectedEdit }) {
  const { t } = useTranslation();
  const { mutate, isPending, error } = usePutAway(() => call(commands.dismissRejected(edit.id)));
  const words = rejectionWords(t, edit.rejection);
  // Without a key it is the profile, or a user who was to be created and is therefore not there.
  const gone = edit.rejection === "user_gone" || (edit.key === "" && edit.user_name === null);
  const name = edit.user_name ?? t("users.unnamed");
  return (
    <article className={classes.card} data-testid="rejected-edit" data-key={edit.key}>
      <div className={classes.line}>
        <h3 className={classes.title}>
          {gone ? (
            edit.key === "" ? (
              t("users.rejected.notCreated")
            ) : (
              t("users.rejected.whatGone", { key: edit.key })
            )
          ) : (
            <Link to="/users/$id" params={{ id: edit.user_id }} className={classes.link}>
              {edit.key === ""
                ? t("users.rejected.profile", { name })
                : t("users.conflicts.what", { key: edit.key, name })}
            </Link>
          )}
        </h3>
        <span className={classes.who}>
          <RelativeTime at={edit.at} />
        </span>
        <span className={classes.end}>
          {edit.mine !== null && <CopyButton text={edit.mine} what={edit.key} label={t("common.copy")} />}
          <Button variant="default" data-testid="put-away" disabled={isPending} onClick={() => mutate()}>
            {t("users.rejected.putAway")}
          </Button>
        </span>
      </div>
      <p className={classes.why}>
        <strong className={classes.reason}>{words.title}</strong>
        {words.meaning} {words.advice}
      </p>
      {edit.mine === null ? (
        <span className={classes.absent}>{t("users.conflicts.removed")}</span>
      ) : (
        <pre className={classes.json}>{readable(edit.mine)}</pre>
      )}
      {error && <ErrorNotice error={error} />}
    </article>
  );
}
