// An error where it happened: what, what it means, what to do, and the details for a ticket.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { errorView } from "@/ipc/call";
import { errorWords } from "@/lib/errorWords";

import { CopyButton } from "./CopyButton";
import { Notice } from "./Notice";

interface ErrorNoticeProps {
  error: unknown;
  /** Offers to try again. */
  onRetry?: () => void;
}

export function ErrorNotice({ error, onRetry }: ErrorNoticeProps) {
  const { t } = useTranslation();
  const words = errorWords(t, errorView(error));
  return (
    <Notice
      urgent
      tone="broken"
      title={words.title}
      advice={words.advice}
      actions={
        <>
          {onRetry && (
            <Button variant="default" onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )}
          <CopyButton text={words.details} what={t("common.details")} label={t("common.copyDetails")} />
        </>
      }
    >
      {words.meaning}
    </Notice>
  );
}
