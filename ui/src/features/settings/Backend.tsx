// Which backend this console works with, and where its own files are.
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import type { About, ServerInfo } from "@/ipc/bindings";

import { Fact, Facts } from "./Facts";

export function Backend({ about, server }: { about: About; server: ServerInfo | null }) {
  const { t } = useTranslation();
  return (
    <Facts>
      <Fact name={t("settings.backend.kind")}>
        {t(about.embedded ? "settings.backend.embedded" : "settings.backend.remote")}
      </Fact>
      <Fact name={t("settings.backend.address")}>
        <code>{about.server_url}</code>
        <CopyButton text={about.server_url} what={t("settings.backend.address")} />
      </Fact>
      {server && (
        <>
          <Fact name={t("settings.backend.pool")}>{server.pool_name}</Fact>
          <Fact name={t("settings.backend.role")}>{t(`settings.backend.roles.${server.role}`)}</Fact>
        </>
      )}
      <Fact name={t("settings.backend.dataDir")}>
        <code>{about.data_dir}</code>
        <CopyButton text={about.data_dir} what={t("settings.backend.dataDir")} />
      </Fact>
      <Fact name={t("settings.backend.version")}>
        {server
          ? t("settings.backend.versions", { console: about.version, backend: server.version })
          : about.version}
      </Fact>
    </Facts>
  );
}
