// The beginning of an import: which files are understood, and the button that asks for one.
import { Button } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./Exchange.module.css";

const columns = ["id", "nickname", "name", "phone", "email", "username", "metadata"] as const;

export function ChooseFile({ busy, onChoose }: { busy: boolean; onChoose: () => void }) {
  const { t } = useTranslation();
  return (
    <section className={classes.choose}>
      <Button
        leftSection={<IconFileImport size={16} stroke={1.5} aria-hidden="true" />}
        loading={busy}
        data-testid="import-choose"
        onClick={onChoose}
      >
        {t("exchange.import.choose")}
      </Button>
      <p className={classes.quiet}>
        {t("exchange.import.nothingYet")} {t("exchange.import.written")}
      </p>
      <h2 className={classes.heading}>{t("exchange.import.understood")}</h2>
      <dl className={classes.columns}>
        {columns.map((column) => (
          <div key={column} className={classes.pair}>
            <dt>
              <code>{column === "metadata" ? "metadata.…" : column}</code>
            </dt>
            <dd>{t(`exchange.import.columns.${column}`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
