// The access was taken back: what was removed from this machine, and what went with it.
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/LinkButton";
import { useGrouped } from "@/lib/numbers";
import { usePageTitle } from "@/lib/pageTitle";

import classes from "./StartupFailure.module.css";

/** `unsent` counts the edits that the backend had not answered. */
export function AccessLost({ unsent }: { unsent: number }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const title = t("frame.accessLost.title");
  usePageTitle(title);
  return (
    <div className={classes.page} data-testid="access-lost" data-unsent={unsent}>
      <div className={classes.card}>
        <h1 className={classes.title}>{title}</h1>
        <p>{t("frame.accessLost.removed")}</p>
        <p>
          {unsent === 0
            ? t("frame.accessLost.nothingUnsent")
            : t("frame.accessLost.unsent", { count: unsent, shown: grouped(unsent) })}
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
