// The verdict in a full sentence, with what to do and the way to the person or to the list of the refused.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import type { Tone } from "@/components/StatusDot";
import type { Connection, LoginAttempt, Verdict } from "@/ipc/bindings";
import { verdictWords } from "@/lib/errorWords";

import { TicketButton } from "./TicketButton";

const tones: Record<Verdict["outcome"], Tone> = {
  log_in: "healthy",
  create: "healthy",
  refuse: "waiting",
  fail: "broken",
};

interface VerdictNoticeProps {
  attempt: LoginAttempt;
  verdict: Verdict;
  connection: Connection | undefined;
  /** Draws another code; absent for an attempt of the past. */
  onAgain?: () => void;
}

export function VerdictNotice({ attempt, verdict, connection, onAgain }: VerdictNoticeProps) {
  const { t } = useTranslation();
  const words = verdictWords(t, verdict, attempt.dry_run);
  // Whom these refuse is kept, so that somebody can let them in.
  const queued =
    !attempt.dry_run &&
    verdict.outcome === "refuse" &&
    (verdict.refusal === "login_only" || verdict.refusal === "two_users");
  const user = "user_id" in verdict ? verdict.user_id : null;
  return (
    <div data-testid="test-login-verdict" data-outcome={verdict.outcome}>
      <Notice
        urgent={onAgain !== undefined}
        tone={tones[verdict.outcome]}
        title={words.title}
        advice={words.advice}
        actions={
          <>
            {user && (
              <LinkButton to="/users/$id" params={{ id: user }} data-testid="show-person">
                {t("testLogin.showPerson")}
              </LinkButton>
            )}
            {queued && (
              <LinkButton to="/refused" data-testid="show-refused">
                {t("testLogin.showRefused")}
              </LinkButton>
            )}
            {onAgain && (
              <Button variant="default" onClick={onAgain}>
                {t("testLogin.again")}
              </Button>
            )}
            <TicketButton attempt={attempt} connection={connection} />
          </>
        }
      >
        {words.meaning}
      </Notice>
    </div>
  );
}
