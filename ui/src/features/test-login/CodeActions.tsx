// What can be done with a drawn code: open it, copy it, save it, read it.
import { Button } from "@mantine/core";
import { IconCopy, IconDeviceMobile, IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import { ErrorNotice } from "@/components/ErrorNotice";
import type { PictureFormat, TestLoginView } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

import classes from "./CodeActions.module.css";

interface CodeActionsProps {
  view: TestLoginView;
  /** Whether the phone that scans is the sandbox's own. */
  simulated: boolean;
  ended: boolean;
}

export function CodeActions({ view, simulated, ended }: CodeActionsProps) {
  const { t } = useTranslation();
  const id = view.attempt.id;
  const { text } = view.qr;
  const copy = useMutation({ mutationFn: () => call(commands.copyQr(id)) });
  const save = useMutation({ mutationFn: (format: PictureFormat) => call(commands.saveQr(id, format)) });
  const open = useMutation({ mutationFn: (url: string) => call(commands.openLink(url)) });
  const error = copy.error ?? save.error ?? open.error;
  if (ended) return null;
  return (
    <div className={classes.actions}>
      {simulated && text && (
        <Button
          leftSection={<IconDeviceMobile size={16} stroke={1.5} />}
          onClick={() => open.mutate(text)}
          title={t("testLogin.phoneHelp")}
          data-testid="open-simulated-phone"
        >
          {t("testLogin.phone")}
        </Button>
      )}
      <div className={classes.row}>
        <Button
          variant="default"
          leftSection={<IconCopy size={16} stroke={1.5} />}
          onClick={() => copy.mutate()}
        >
          {t(copy.isSuccess ? "testLogin.copiedPicture" : "testLogin.copyPicture")}
        </Button>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} stroke={1.5} />}
          onClick={() => save.mutate("png")}
        >
          {t("testLogin.savePng")}
        </Button>
        {view.qr.has_svg && (
          <Button
            variant="default"
            leftSection={<IconDownload size={16} stroke={1.5} />}
            onClick={() => save.mutate("svg")}
          >
            {t("testLogin.saveSvg")}
          </Button>
        )}
      </div>
      {save.data && (
        <p className={classes.saved} role="status">
          {t("testLogin.savedTo", { path: save.data })}
        </p>
      )}
      {error && <ErrorNotice error={error} />}
      {text && (
        <div className={classes.text}>
          <code title={text}>{text}</code>
          <CopyButton text={text} what={t("testLogin.codeText")} />
        </div>
      )}
    </div>
  );
}
