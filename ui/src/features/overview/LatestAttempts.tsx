// The latest tries to log in, each with how it ended.
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { KindGlyph } from "@/components/KindGlyph";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import { attemptTones } from "@/features/test-login/AttemptStateWord";
import type { Connection, LoginAttempt } from "@/ipc/bindings";
import { verdictWords } from "@/lib/errorWords";

import classes from "./LatestAttempts.module.css";

interface LatestAttemptsProps {
  attempts: UseQueryResult<LoginAttempt[]>;
  connections: Connection[];
}

export function LatestAttempts({ attempts, connections }: LatestAttemptsProps) {
  const { t } = useTranslation();
  const names = new Map(connections.map(({ id, display_name }) => [id, display_name]));
  return (
    <section aria-labelledby="latest-attempts">
      <h2 id="latest-attempts" className={classes.heading}>
        {t("overview.attempts.title")}
      </h2>
      {attempts.isPending && <DelayedSkeleton rows={4} />}
      {attempts.error && <ErrorNotice error={attempts.error} onRetry={() => attempts.refetch()} />}
      {attempts.data?.length === 0 && <p className={classes.empty}>{t("overview.attempts.empty")}</p>}
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
              <Row key={attempt.id} attempt={attempt} name={names.get(attempt.connection_id)} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ attempt, name }: { attempt: LoginAttempt; name: string | undefined }) {
  const { t } = useTranslation();
  const { verdict } = attempt;
  const user = verdict && "user_id" in verdict ? verdict.user_id : null;
  const words = verdict
    ? verdictWords(t, verdict, attempt.dry_run).title
    : t(`wechat.states.${attempt.state}`);
  return (
    <tr>
      <td className={classes.result}>
        <StatusDot tone={verdict?.outcome === "refuse" ? "waiting" : attemptTones[attempt.state]}>
          {user ? (
            <Link to="/users/$id" params={{ id: user }} className={classes.link}>
              {words}
            </Link>
          ) : (
            words
          )}
        </StatusDot>
      </td>
      <td>
        <span className={classes.connection}>
          <KindGlyph kind={attempt.kind} alone />
          {name ? (
            <Link to="/connections/$id" params={{ id: attempt.connection_id }} className={classes.link}>
              {name}
            </Link>
          ) : (
            <span className={classes.quiet}>{t("overview.attempts.deletedConnection")}</span>
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
