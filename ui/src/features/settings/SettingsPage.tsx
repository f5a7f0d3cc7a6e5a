// `/settings`: appearance, backend, which WeChat, how to use a server.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { PageHeader } from "@/components/PageHeader";
import { aboutQuery, statusQuery } from "@/ipc/queries";

import { Appearance } from "./Appearance";
import { Backend } from "./Backend";
import { UseServer } from "./UseServer";
import { WeChat } from "./WeChat";

import classes from "./SettingsPage.module.css";

export function SettingsPage() {
  const { t } = useTranslation();
  const { data: about } = useQuery(aboutQuery);
  const { data: status } = useQuery(statusQuery);
  return (
    <>
      <PageHeader title={t("settings.title")} purpose={t("settings.purpose")} />
      <div className={classes.page}>
        <Section title={t("settings.appearance")}>
          <Appearance />
        </Section>
        {about && (
          <>
            <Section title={t("settings.wechat.title")}>
              <WeChat about={about} server={status?.server ?? null} />
            </Section>
            <Section title={t("settings.backend.title")}>
              <Backend about={about} server={status?.server ?? null} />
            </Section>
            <Section title={t("settings.server.title")}>
              <UseServer embedded={about.embedded} />
            </Section>
          </>
        )}
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <h2 className={classes.heading}>{title}</h2>
      <div className={classes.body}>{children}</div>
    </section>
  );
}
