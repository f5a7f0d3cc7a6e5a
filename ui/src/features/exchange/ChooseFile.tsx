// The beginning of an import: which files are understood, and the button that asks for one.
import { Button } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./Exchange.module.css";

/** What a column may be called, as the console takes it in either language. */
const columns = {
  id: ["id", "user_id", "用户ID"],
  nickname: ["nickname", "昵称"],
  name: ["name", "姓名"],
  phone: ["phone", "手机", "手机号"],
  email: ["email", "邮箱"],
  username: ["username", "用户名"],
  metadata: ["metadata.…"],
} as const;

interface ChooseFileProps {
  busy: boolean;
  /** No file can be taken yet. */
  wait: boolean;
  onChoose: () => void;
}

export function ChooseFile({ busy, wait, onChoose }: ChooseFileProps) {
  const { t } = useTranslation();
  return (
    <section className={classes.choose}>
      <Button
        leftSection={<IconFileImport size={16} stroke={1.5} aria-hidden="true" />}
        loading={busy}
        disabled={wait}
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
        {(Object.keys(columns) as (keyof typeof columns)[]).map((column) => (
          <div key={column} className={classes.pair}>
            <dt className={classes.names}>
              {columns[column].map((name) => (
                <code key={name}>{name}</code>
              ))}
            </dt>
            <dd>{t(`exchange.import.columns.${column}`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
