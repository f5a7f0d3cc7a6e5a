// Where an attempt stands, in a word.
import { useTranslation } from "react-i18next";

import { StatusDot, type Tone } from "@/components/StatusDot";
import type { AttemptState, LoginAttempt } from "@/ipc/bindings";

const tones: Record<AttemptState, Tone> = {
  waiting: "waiting",
  scanned: "waiting",
  confirmed: "waiting",
  decided: "healthy",
  refused: "neutral",
  expired: "neutral",
  cancelled: "neutral",
  failed: "broken",
};

/** How an attempt feels: a decision against the person is none to be glad of. */
export const attemptTone = ({ state, verdict }: LoginAttempt): Tone =>
  verdict?.outcome === "refuse" ? "waiting" : tones[state];

export function AttemptStateWord({ attempt }: { attempt: LoginAttempt }) {
  const { t } = useTranslation();
  return (
    <span role="status" data-testid="test-login-state" data-state={attempt.state}>
      <StatusDot tone={attemptTone(attempt)}>
        <strong>{t(`wechat.states.${attempt.state}`)}</strong>
      </StatusDot>
    </span>
  );
}
