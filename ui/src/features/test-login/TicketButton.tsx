// Copies an attempt as text for a ticket, however it ended.
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import type { Connection, LoginAttempt } from "@/ipc/bindings";
import { verdictWords, type Words } from "@/lib/errorWords";

import { ticketOf } from "./ticket";

interface TicketButtonProps {
  attempt: LoginAttempt;
  connection: Connection | undefined;
}

export function TicketButton({ attempt, connection }: TicketButtonProps) {
  const { t } = useTranslation();
  const words = (): Words =>
    attempt.verdict
      ? verdictWords(t, attempt.verdict, attempt.dry_run)
      : {
          title: t(`wechat.states.${attempt.state}`),
          meaning: t(`testLogin.state.${attempt.state}`),
          advice: "",
          details: `state: ${attempt.state}`,
        };
  return (
    <CopyButton
      text={() => ticketOf(attempt, connection, words())}
      what={t("common.details")}
      label={t("testLogin.ticket")}
    />
  );
}
