// The access was taken back: what was removed from this machine, and what went with it.
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/LinkButton";
import { RelativeTime } from "@/components/RelativeTime";
import type { AccessLost as Lost } from "@/ipc/bindings";
import { useGrouped } from "@/lib/numbers";
import { usePageTitle } from "@/lib/pageTitle";

import classes from "./StartupFailure.module.css";

export function AccessLost({ lost }: { lost: Lost }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const title = t("frame.accessLost.title");
  usePageTitle(title);
  return (
    <div className={classes.page} data-testid="access-lost" data-unsent={lost.unsent}>
      <div className={classes.card}>
        <p className={classes.heading}>
          <RelativeTime at={lost.at} />
        </p>
        <h1 className={classes.title}>{title}</h1>
        <p>{t("frame.accessLost.removed")}</p>
        <p>
          {lost.unsent === 0
            ? t("frame.accessLost.nothingUnsent")
            : t("frame.accessLost.unsent", { count: lost.unsent, shown: grouped(lost.unsent) })}
        </p>
        <p className={classes.advice}>{t("frame.accessLost.advice")}</p>
        <div className={classes.actions}>
          <LinkButton variant="default" to="/settings">
            {t("frame.accessLost.action")}
          </LinkButton>
        </div>
      </div>
    </div>
  );
}
