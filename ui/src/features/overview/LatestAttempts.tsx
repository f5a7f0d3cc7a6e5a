// The latest tries to log in, each with how it ended.
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { KindGlyph } from "@/components/KindGlyph";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import { AttemptPanel } from "@/features/test-login/AttemptPanel";
import { attemptTone } from "@/features/test-login/AttemptStateWord";
import type { Connection, LoginAttempt } from "@/ipc/bindings";
import { verdictWords } from "@/lib/errorWords";

import classes from "./LatestAttempts.module.css";

interface LatestAttemptsProps {
  attempts: UseQueryResult<LoginAttempt[]>;
  connections: Connection[];
}

export function LatestAttempts({ attempts, connections }: LatestAttemptsProps) {
  const { t } = useTranslation();
  const named = new Map(connections.map((connection) => [connection.id, connection]));
  // The whole attempt: newer ones may push it out of the list while it is read.
  const [opened, open] = useState<LoginAttempt | null>(null);
  const shown = opened && (attempts.data?.find(({ id }) => id === opened.id) ?? opened);
  return (
    <section aria-labelledby="latest-attempts">
      <h2 id="latest-attempts" className={classes.heading}>
        {t("overview.attempts.title")}
      </h2>
      {attempts.isPending && <DelayedSkeleton rows={4} />}
      {attempts.error && <ErrorNotice error={attempts.error} onRetry={() => attempts.refetch()} />}
      {!attempts.error && attempts.data?.length === 0 && (
        <p className={classes.empty}>{t("overview.attempts.empty")}</p>
      )}
      {attempts.data && attempts.data.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              <th>{t("overview.attempts.result")}</th>
              <th>{t("overview.attempts.connection")}</th>
              <th>{t("overview.attempts.purpose")}</th>
              <th>{t("overview.attempts.when")}</th>
            </tr>
          </thead>
          <tbody>
            {attempts.data.map((attempt) => (
              <Row
                key={attempt.id}
                attempt={attempt}
                name={attempt.connection_id ? named.get(attempt.connection_id)?.display_name : undefined}
                opened={attempt.id === opened?.id}
                onOpen={() => open(attempt)}
              />
            ))}
          </tbody>
        </table>
      )}
      {shown && (
        <AttemptPanel
          key={shown.id}
          attempt={shown}
          connection={shown.connection_id ? named.get(shown.connection_id) : undefined}
          onClose={() => open(null)}
        />
      )}
    </section>
  );
}

interface RowProps {
  attempt: LoginAttempt;
  /** Name of the connection, unless it was deleted. */
  name: string | undefined;
  opened: boolean;
  onOpen: () => void;
}

function Row({ attempt, name, opened, onOpen }: RowProps) {
  const { t } = useTranslation();
  const { verdict } = attempt;
  const words = verdict
    ? verdictWords(t, verdict, attempt.dry_run).title
    : t(`wechat.states.${attempt.state}`);
  return (
    <tr className={classes.row} data-opened={opened} data-testid="attempt-row" onClick={onOpen}>
      <td>
        <button
          type="button"
          className={classes.open}
          aria-label={words}
          aria-expanded={opened}
          onClick={(event) => {
            event.stopPropagation();
            onOpen();
          }}
        >
          <StatusDot tone={attemptTone(attempt)}>{words}</StatusDot>
        </button>
      </td>
      <td>
        <span className={classes.connection}>
          {attempt.kind && <KindGlyph kind={attempt.kind} alone />}
          {name && attempt.connection_id ? (
            <Link
              to="/connections/$id"
              params={{ id: attempt.connection_id }}
              className={classes.link}
              onClick={(event) => event.stopPropagation()}
            >
              {name}
            </Link>
          ) : (
            <span className={classes.quiet}>
              {t(`overview.attempts.${attempt.connection_id ? "deletedConnection" : "unknownConnection"}`)}
            </span>
          )}
        </span>
      </td>
      <td className={classes.quiet}>
        {t(`overview.attempts.purposes.${attempt.purpose}`)}
        {attempt.dry_run && ` · ${t("overview.attempts.dryRun")}`}
      </td>
      <td className={classes.quiet}>
        <RelativeTime at={attempt.created_at} />
      </td>
    </tr>
  );
}
