// What to paste into WeChat's own console for the connection beside it, following every keystroke.
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import { Notice } from "@/components/Notice";
import type { ConnectionKind, SetupSheet as Sheet } from "@/ipc/bindings";

import classes from "./SetupSheet.module.css";

interface SetupSheetProps {
  kind: ConnectionKind;
  /** The values; absent while they cannot be known. */
  sheet: Sheet | null | undefined;
}

export function SetupSheet({ kind, sheet }: SetupSheetProps) {
  const { t } = useTranslation();
  return (
    <aside className={classes.sheet} aria-label={t("connections.sheet.title")} data-testid="setup-sheet">
      <h2 className={classes.title}>{t("connections.sheet.title")}</h2>
      <p className={classes.intro}>{t(`connections.sheet.intro.${kind}`)}</p>
      {sheet ? (
        <dl className={classes.values}>
          {sheet.values.map(({ place, value }) => (
            <div key={place} className={classes.entry} data-place={place}>
              <dt className={classes.name}>{t(`connections.sheet.places.${place}.name`)}</dt>
              <dd className={classes.body}>
                <div className={classes.where}>{t(`connections.sheet.places.${place}.where`)}</div>
                <div className={classes.value}>
                  <code>{value}</code>
                  <CopyButton text={value} what={t(`connections.sheet.places.${place}.name`)} />
                </div>
                <div className={classes.note}>{t(`connections.sheet.places.${place}.note`)}</div>
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className={classes.intro}>{t("connections.sheet.pending")}</p>
      )}
      {sheet && sheet.reach !== "public" && (
        <Notice tone="waiting" title={t(`connections.sheet.reach.${sheet.reach}.title`)}>
          {t(`connections.sheet.reach.${sheet.reach}.text`)}
        </Notice>
      )}
    </aside>
  );
}
