// Says that two users are one now, and offers the way back.
import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { Merge } from "@/ipc/bindings";

import { useUndoMerge } from "./useUndoMerge";

interface MergedNoticeProps {
  merge: Merge;
  onUndone: () => void;
}

export function MergedNotice({ merge, onUndone }: MergedNoticeProps) {
  const { t } = useTranslation();
  const undo = useUndoMerge(merge.id);
  return (
    <>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <span>{t("merge.done")}</span>
        <Button
          variant="default"
          loading={undo.isPending}
          data-testid="merge-undo"
          onClick={() => undo.mutate(undefined, { onSuccess: onUndone })}
        >
          {t("merge.undo")}
        </Button>
      </Group>
      {undo.error && <ErrorNotice error={undo.error} />}
    </>
  );
}
