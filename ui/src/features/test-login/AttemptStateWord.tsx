// Where an attempt stands, in a word.
import { useTranslation } from "react-i18next";

import { StatusDot, type Tone } from "@/components/StatusDot";
import type { AttemptState } from "@/ipc/bindings";

/** How each state feels. */
export const attemptTones: Record<AttemptState, Tone> = {
  waiting: "waiting",
  scanned: "waiting",
  confirmed: "waiting",
  decided: "healthy",
  refused: "neutral",
  expired: "neutral",
  cancelled: "neutral",
  failed: "broken",
};

export function AttemptStateWord({ state }: { state: AttemptState }) {
  const { t } = useTranslation();
  return (
    <span role="status" data-testid="test-login-state" data-state={state}>
      <StatusDot tone={attemptTones[state]}>
        <strong>{t(`wechat.states.${state}`)}</strong>
      </StatusDot>
    </span>
  );
}
