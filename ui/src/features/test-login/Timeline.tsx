// The legs of an attempt from top to bottom with their durations; the one that failed is open.
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconHandStop,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import type { Leg, LoginAttempt } from "@/ipc/bindings";
import { failureWords } from "@/lib/errorWords";

import { AttemptStateWord } from "./AttemptStateWord";
import { answerLines, duration, ending, isPastScan, requestId, waitsForPerson, type Ending } from "./legs";

import classes from "./Timeline.module.css";

const icons = {
  running: IconCircleDashed,
  done: IconCircleCheck,
  refused: IconHandStop,
  failed: IconCircleX,
  skipped: IconCircleMinus,
} satisfies Record<Ending, unknown>;

export function Timeline({ attempt }: { attempt: LoginAttempt }) {
  const { t } = useTranslation();
  const servers = attempt.legs.filter((leg) => !waitsForPerson(leg));
  const longest = Math.max(1, ...servers.map(({ took_ms }) => took_ms ?? 0));
  return (
    <section aria-label={t("testLogin.legs")}>
      <h2 className={classes.heading}>
        {t("testLogin.legs")}
        {attempt.verdict && <AttemptStateWord attempt={attempt} />}
      </h2>
      <ol className={classes.legs}>
        {attempt.legs.map((leg) => (
          <li key={`${leg.name}-${leg.started_at}`}>
            <LegLine
              leg={leg}
              end={ending(leg, attempt)}
              scanned={isPastScan(leg, attempt)}
              longest={longest}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

interface LegLineProps {
  leg: Leg;
  end: Ending;
  /** Whether it waits for a person who has scanned already. */
  scanned: boolean;
  /** Of all legs of servers, in milliseconds. */
  longest: number;
}

function LegLine({ leg, end, scanned, longest }: LegLineProps) {
  const { t } = useTranslation();
  const Icon = icons[end];
  const hasMore = leg.request !== null || leg.answer.length > 0 || leg.failure !== null;
  const said = end === "refused" ? t("testLogin.leg.refused") : t(`wechat.outcomes.${end}`);
  const line = (
    <>
      <span className={classes.icon} data-outcome={end}>
        <Icon size={16} stroke={1.5} role="img" aria-label={said} />
      </span>
      <span className={classes.name}>{t(scanned ? "testLogin.leg.scanned" : `wechat.legs.${leg.name}`)}</span>
      {waitsForPerson(leg) ? (
        <span className={classes.person}>{t("testLogin.leg.person")}</span>
      ) : (
        <span className={classes.track} aria-hidden="true">
          <span
            className={classes.bar}
            data-outcome={end}
            style={{ width: `${Math.max(2, Math.round(((leg.took_ms ?? 0) / longest) * 100))}%` }}
          />
        </span>
      )}
      <span className={classes.took}>
        {leg.took_ms !== null ? duration(t, leg.took_ms) : end === "running" && t("testLogin.leg.running")}
      </span>
    </>
  );
  if (!hasMore) return <div className={classes.line}>{line}</div>;
  return (
    <details className={classes.leg} open={end === "failed"} data-leg={leg.name}>
      <summary className={classes.line}>{line}</summary>
      <LegDetail leg={leg} />
    </details>
  );
}

function LegDetail({ leg }: { leg: Leg }) {
  const { t } = useTranslation();
  const words = leg.failure && failureWords(t, leg.failure);
  const rid = requestId(leg);
  const answer = answerLines(leg);
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
      {answer.length > 0 && (
        <>
          <div className={classes.label}>{t("testLogin.leg.answer")}</div>
          <pre className={classes.wire}>{answer.join("\n")}</pre>
        </>
      )}
    </div>
  );
}
