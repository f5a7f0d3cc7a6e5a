// Which WeChat the backend talks to: the sandbox or the real one. A server decides for itself.
import { Button, Radio, Stack } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import type { About, ServerInfo, WeChatChoice } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { aboutQuery } from "@/ipc/queries";

import { Fact, Facts } from "./Facts";

export function WeChat({ about, server }: { about: About; server: ServerInfo | null }) {
  const { t } = useTranslation();
  return (
    <>
      {about.embedded ? (
        <Choice about={about} />
      ) : (
        <p>
          {t("settings.wechat.remote", {
            which: server ? t(`frame.environment.${server.wechat.type}`) : t("settings.wechat.unknown"),
          })}
        </p>
      )}
      {about.sandbox_url && <Sandbox url={about.sandbox_url} />}
    </>
  );
}

function Choice({ about }: { about: About }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [changed, setChanged] = useState(false);
  const choose = useMutation({
    mutationFn: (choice: WeChatChoice) => call(commands.chooseWechat(choice)),
    onSuccess: () => {
      setChanged(true);
      return client.invalidateQueries({ queryKey: aboutQuery.queryKey });
    },
  });
  const value = choose.isPending ? choose.variables : about.wechat;
  return (
    <>
      <Radio.Group
        aria-label={t("settings.wechat.label")}
        value={value}
        onChange={(choice) => choose.mutate(choice === "real" ? "real" : "sandbox")}
      >
        <Stack gap="sm">
          {(["sandbox", "real"] as const).map((choice) => (
            <Radio
              key={choice}
              value={choice}
              label={t(`settings.wechat.${choice}`)}
              description={t(`settings.wechat.${choice}Text`)}
            />
          ))}
        </Stack>
      </Radio.Group>
      {choose.error && <ErrorNotice error={choose.error} />}
      {changed && (
        <Notice
          tone="waiting"
          title={t("settings.wechat.changed")}
          actions={<Button onClick={() => commands.restart()}>{t("settings.wechat.restart")}</Button>}
        />
      )}
    </>
  );
}

function Sandbox({ url }: { url: string }) {
  const { t } = useTranslation();
  const open = useMutation({ mutationFn: () => call(commands.openLink(url)) });
  return (
    <div>
      <Facts>
        <Fact name={t("settings.wechat.sandboxAddress")}>
          <code>{url}</code>
          <Button
            variant="default"
            ml="auto"
            title={t("settings.wechat.openHelp")}
            leftSection={<IconExternalLink size={16} stroke={1.5} />}
            onClick={() => open.mutate()}
          >
            {t("settings.wechat.open")}
          </Button>
        </Fact>
      </Facts>
      {open.error && <ErrorNotice error={open.error} />}
    </div>
  );
}
