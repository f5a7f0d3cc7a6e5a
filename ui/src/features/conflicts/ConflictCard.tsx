// Two edits of one field, side by side, for a person to decide.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { Identifier } from "@/components/Identifier";
import { RelativeTime } from "@/components/RelativeTime";
import { readable } from "@/features/users/jsonText";
import type { Conflict } from "@/ipc/bindings";

import { EditForm } from "./EditForm";
import { useResolve } from "./useResolve";
import { plain } from "./values";

import classes from "./ConflictCard.module.css";

interface ConflictCardProps {
  conflict: Conflict;
  /** Where it stands: beside its person, or among others, where the person has to be named. */
  within: "person" | "list";
}

export function ConflictCard({ conflict, within }: ConflictCardProps) {
  const { t } = useTranslation();
  const { resolve, busy, refused, forget } = useResolve(conflict.id);
  const [editing, setEditing] = useState(false);
  const name = conflict.user_name ?? t("users.unnamed");
  const Heading = within === "list" ? "h2" : "h4";
  const field = conflict.field ? t(`users.fields.${conflict.field}`) : conflict.key;
  return (
    <article
      className={classes.card}
      data-testid="conflict"
      data-key={conflict.field ?? conflict.key}
      aria-label={t("users.conflicts.what", { key: field, name })}
    >
      <div className={classes.top}>
        <Heading className={classes.title}>
          {within === "list" ? (
            <>
              <Link to="/users/$id" params={{ id: conflict.user_id }} className={classes.link}>
                {t("users.conflicts.what", { key: field, name })}
              </Link>
              {/* Of people who have the same name, this tells one from the other. */}
              <Identifier value={conflict.user_id} what={t("users.detail.id")} />
            </>
          ) : conflict.field ? (
            field
          ) : (
            <code>{field}</code>
          )}
        </Heading>
        <Button
          variant="subtle"
          color="slate"
          size="compact-sm"
          data-testid="conflict-edit"
          disabled={busy || editing}
          onClick={() => {
            forget();
            setEditing(true);
          }}
        >
          {t("users.conflicts.edit")}
        </Button>
      </div>
      <div className={classes.sides}>
        <Side
          title={t("users.conflicts.mine")}
          who={<Who actor={t("users.conflicts.mineBy")} at={conflict.mine_at} />}
          json={conflict.mine}
          absent={t("users.conflicts.removed")}
          conflict={conflict}
          action={
            <Button
              variant="default"
              data-testid="keep-mine"
              disabled={busy || editing}
              onClick={() => resolve("mine")}
            >
              {t("users.conflicts.keepMine")}
            </Button>
          }
        />
        <Side
          title={t("users.conflicts.theirs")}
          who={<Who actor={conflict.actor} at={conflict.at} />}
          json={conflict.theirs}
          absent={t("users.conflicts.removed")}
          conflict={conflict}
          action={
            <Button
              variant="default"
              data-testid="keep-theirs"
              disabled={busy || editing}
              onClick={() => resolve("theirs")}
            >
              {t("users.conflicts.keepTheirs")}
            </Button>
          }
        />
        <Side
          title={t("users.conflicts.base")}
          json={conflict.base}
          absent={t("users.conflicts.absent")}
          conflict={conflict}
        />
      </div>
      {editing && (
        <EditForm
          conflict={conflict}
          busy={busy}
          rule={refused.fields[0]?.rule}
          onSave={(json) => resolve({ edited: { json } })}
          onChange={forget}
          onCancel={() => {
            forget();
            setEditing(false);
          }}
        />
      )}
      {refused.error ? <ErrorNotice error={refused.error} /> : null}
    </article>
  );
}

function Who({ actor, at }: { actor: string | null; at: number | null }) {
  return (
    <>
      {actor}
      {actor !== null && at !== null && " · "}
      {at !== null && <RelativeTime at={at} />}
    </>
  );
}

interface SideProps {
  title: string;
  who?: ReactNode;
  json: string | null;
  /** Said where there is no value. */
  absent: string;
  conflict: Conflict;
  /** Absent where it is there to compare with. */
  action?: ReactNode;
}

function Side({ title, who, json, absent, conflict, action }: SideProps) {
  return (
    <div className={classes.side} data-decides={action !== undefined}>
      <div className={classes.head}>
        <span className={classes.name}>{title}</span>
        {who && <span className={classes.who}>{who}</span>}
      </div>
      {json === null ? (
        <span className={classes.absent}>{absent}</span>
      ) : conflict.field ? (
        <span className={classes.plain}>{plain(json)}</span>
      ) : (
        <pre className={classes.json}>{readable(json)}</pre>
      )}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
