// The legs of an attempt from top to bottom with their durations; the one that failed is open.
import { IconCircleCheck, IconCircleDashed, IconCircleMinus, IconCircleX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import type { Leg, LegOutcome, LoginAttempt } from "@/ipc/bindings";
import { failureWords } from "@/lib/errorWords";

import { isFinal } from "./attemptState";
import { AttemptStateWord } from "./AttemptStateWord";

import classes from "./Timeline.module.css";

const icons = {
  running: IconCircleDashed,
  done: IconCircleCheck,
  failed: IconCircleX,
  skipped: IconCircleMinus,
} satisfies Record<LegOutcome, unknown>;

export function Timeline({ attempt }: { attempt: LoginAttempt }) {
  const { t } = useTranslation();
  // A person takes seconds to decide and a server milliseconds: roots keep both bars visible.
  const longest = Math.max(1, ...attempt.legs.map(({ took_ms }) => Math.sqrt(took_ms ?? 0)));
  const ended = isFinal(attempt.state);
  return (
    <section aria-label={t("testLogin.legs")}>
      <h2 className={classes.heading}>
        {t("testLogin.legs")}
        {attempt.verdict && <AttemptStateWord state={attempt.state} />}
      </h2>
      <ol className={classes.legs}>
        {attempt.legs.map((leg) => (
          <li key={`${leg.name}-${leg.started_at}`}>
            <LegLine leg={ended ? stopped(leg) : leg} longest={longest} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A leg that still ran when the attempt ended will not go on. */
const stopped = (leg: Leg): Leg => (leg.outcome === "running" ? { ...leg, outcome: "skipped" } : leg);

function LegLine({ leg, longest }: { leg: Leg; longest: number }) {
  const { t } = useTranslation();
  const Icon = icons[leg.outcome];
  const share = Math.sqrt(leg.took_ms ?? 0) / longest;
  const hasMore = leg.request !== null || leg.answer.length > 0 || leg.failure !== null;
  const line = (
    <>
      <span className={classes.icon} data-outcome={leg.outcome}>
        <Icon size={16} stroke={1.5} role="img" aria-label={t(`wechat.outcomes.${leg.outcome}`)} />
      </span>
      <span className={classes.name}>{t(`wechat.legs.${leg.name}`)}</span>
      <span className={classes.track} aria-hidden="true">
        <span
          className={classes.bar}
          data-outcome={leg.outcome}
          style={{ width: `${Math.max(2, Math.round(share * 100))}%` }}
        />
      </span>
      <span className={classes.took}>
        {leg.took_ms !== null
          ? t("testLogin.leg.took", { ms: leg.took_ms.toLocaleString() })
          : leg.outcome === "running" && t("testLogin.leg.running")}
      </span>
    </>
  );
  if (!hasMore) return <div className={classes.line}>{line}</div>;
  return (
    <details className={classes.leg} open={leg.outcome === "failed"} data-leg={leg.name}>
      <summary className={classes.line}>{line}</summary>
      <LegDetail leg={leg} />
    </details>
  );
}

function LegDetail({ leg }: { leg: Leg }) {
  const { t } = useTranslation();
  const words = leg.failure && failureWords(t, leg.failure);
  const rid = leg.failure?.type === "we_chat" ? leg.failure.rid : null;
  return (
    <div className={classes.detail}>
      {words && (
        <p>
          <strong>{words.title}</strong>
        </p>
      )}
      {rid && (
        <p>
          {t("testLogin.rid")} <Identifier value={rid} what="rid" whole />
        </p>
      )}
      {leg.request && (
        <>
          <div className={classes.label}>{t("testLogin.leg.request")}</div>
          <pre className={classes.wire}>{leg.request}</pre>
        </>
      )}
      {leg.answer.length > 0 && (
        <>
          <div className={classes.label}>{t("testLogin.leg.answer")}</div>
          <pre className={classes.wire}>{leg.answer.join("\n")}</pre>
        </>
      )}
    </div>
  );
}
