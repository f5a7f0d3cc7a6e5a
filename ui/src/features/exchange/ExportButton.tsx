// Writes exactly the users that are listed to a file.
import { Button, Group, Modal, Radio, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { useQuestionWords } from "@/features/filters/useQuestionWords";
import { questionOf, type UsersSearch } from "@/features/users/question";
import type { FileFormat } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { jobsQuery } from "@/ipc/queries";
import { useLoadedSoFar } from "@/lib/loaded";
import { useGrouped } from "@/lib/numbers";

import classes from "./Exchange.module.css";

interface ExportButtonProps {
  asked: UsersSearch;
  /** How many users are listed; absent until that is known. */
  count: number | null;
}

export function ExportButton({ asked, count }: ExportButtonProps) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const [open, setOpen] = useState(false);
  const total = count ?? 0;
  return (
    <>
      <Button variant="default" disabled={total === 0} data-testid="export" onClick={() => setOpen(true)}>
        {t("exchange.export.open")}
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={t("exchange.export.title", { count: total, shown: grouped(total) })}
        size={460}
      >
        <Question asked={asked} onClose={() => setOpen(false)} />
      </Modal>
    </>
  );
}

const formats: FileFormat[] = ["csv", "json_lines"];

function Question({ asked, onClose }: { asked: UsersSearch; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const grouped = useGrouped();
  const soFar = useLoadedSoFar();
  const words = useQuestionWords(asked);
  const [format, setFormat] = useState<FileFormat>("csv");
  const write = useMutation({
    mutationFn: () => call(commands.exportUsers({ ...questionOf(asked), after: null, limit: 0 }, format)),
    onSuccess: async (job) => {
      // Nothing is begun if the dialog for the file was closed.
      if (job === null) return;
      await client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      onClose();
    },
  });
  return (
    <Stack gap="md">
      {soFar !== null && (
        <Notice tone="waiting" title={t("exchange.notAll.title", { shown: grouped(soFar) })}>
          {t("exchange.notAll.export")}
        </Notice>
      )}
      {words.length === 0 ? (
        soFar === null && <p>{t("exchange.export.everybody")}</p>
      ) : (
        <div>
          <p>{t("exchange.export.these")}</p>
          <dl className={classes.words}>
            {words.map(({ name, value }) => (
              <div key={name} className={classes.pair}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
      <Radio.Group
        label={t("exchange.export.format")}
        value={format}
        onChange={(value) => setFormat(formats.find((one) => one === value) ?? "csv")}
      >
        <Stack gap="xs" mt={4}>
          {formats.map((one) => (
            <Radio
              key={one}
              size="xs"
              value={one}
              label={t(`exchange.formats.${one}.name`)}
              description={t(`exchange.formats.${one}.help`)}
            />
          ))}
        </Stack>
      </Radio.Group>
      <p className={classes.quiet}>{t("exchange.export.inside")}</p>
      {write.error && <ErrorNotice error={write.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          data-autofocus
          data-testid="export-run"
          loading={write.isPending}
          disabled={soFar !== null}
          onClick={() => write.mutate()}
        >
          {t("exchange.export.action")}
        </Button>
      </Group>
    </Stack>
  );
}
