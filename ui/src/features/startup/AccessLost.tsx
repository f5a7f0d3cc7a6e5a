// The access was taken back: what was removed from this machine, and what went with it.
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/LinkButton";
import { useGrouped } from "@/lib/numbers";
import { usePageTitle } from "@/lib/pageTitle";

import classes from "./StartupFailure.module.css";

/** `destroyed` counts the edits that the backend had not answered. */
export function AccessLost({ destroyed }: { destroyed: number }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const title = t("frame.accessLost.title");
  usePageTitle(title);
  return (
    <div className={classes.page} data-testid="access-lost" data-destroyed={destroyed}>
      <div className={classes.card}>
        <h1 className={classes.title}>{title}</h1>
        <p>{t("frame.accessLost.removed")}</p>
        <p>
          {destroyed === 0
            ? t("frame.accessLost.nothingUnsent")
            : t("frame.accessLost.unsent", { count: destroyed, shown: grouped(destroyed) })}
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
