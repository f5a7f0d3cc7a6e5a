// Undoing a merge, and saying what could not be undone.
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import type { MergeId } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

/** Makes two users of one again. */
export function useUndoMerge(id: MergeId) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(commands.undoMerge(id)),
    onSuccess: ({ left, bindings_left }) => {
      const whole = left.length === 0 && bindings_left === 0;
      notifications.show({
        message: whole
          ? t("merge.undone")
          : t("merge.undonePartly", { fields: left.join(", ") || "–", bindings: bindings_left }),
      });
      return Promise.all([
        client.invalidateQueries({ queryKey: ["merges"] }),
        client.invalidateQueries({ queryKey: ["users"] }),
        client.invalidateQueries({ queryKey: ["refused"] }),
      ]);
    },
  });
}
