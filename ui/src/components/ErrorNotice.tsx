// An error where it happened: what, what it means, what to do, and the details for a ticket.
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { errorView } from "@/ipc/call";
import { errorWords, ticketText } from "@/lib/errorWords";

import { CopyButton } from "./CopyButton";
import { Notice } from "./Notice";

interface ErrorNoticeProps {
  error: unknown;
  /** Offers to try again. */
  onRetry?: () => void;
  /** What else can be done about it. */
  action?: ReactNode;
}

export function ErrorNotice({ error, onRetry, action }: ErrorNoticeProps) {
  const { t } = useTranslation();
  const words = errorWords(t, errorView(error));
  return (
    <Notice
      urgent
      testId="error"
      tone="broken"
      title={words.title}
      advice={words.advice}
      actions={
        <>
          {action}
          {onRetry && (
            <Button variant="default" onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )}
          <CopyButton
            text={() => ticketText(words)}
            what={t("common.details")}
            label={t("common.copyDetails")}
          />
        </>
      }
    >
      {words.meaning}
    </Notice>
  );
}
