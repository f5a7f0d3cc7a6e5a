// What importing a file would do, before anything is written: how its columns are taken, how many rows do what, which
// are left out and why, and the first rows as they would be taken.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ImportAction, ImportMeaning, ImportPreview, RowError } from "@/ipc/bindings";
import { useGrouped } from "@/lib/numbers";

import classes from "./Exchange.module.css";

interface PreviewProps {
  preview: ImportPreview;
  busy: boolean;
  onRun: () => void;
  onOther: () => void;
}

export function Preview({ preview, busy, onRun, onOther }: PreviewProps) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const changes = preview.creates + preview.updates;
  return (
    <div data-testid="import-preview">
      <h2 className={classes.file}>
        {preview.file}
        <span className={classes.quiet}>
          {t(`exchange.formats.${preview.format}.name`)} · {preview.encoding} ·{" "}
          {t("exchange.import.rows", { count: preview.rows, shown: grouped(preview.rows) })}
        </span>
      </h2>
      <Counts preview={preview} />
      {preview.errors > 0 && <Errors errors={preview.first_errors} total={preview.errors} />}
      <Sample preview={preview} />
      <div className={classes.actions}>
        <Button variant="default" disabled={busy} onClick={onOther}>
          {t("exchange.import.another")}
        </Button>
        <Button loading={busy} disabled={changes === 0} data-testid="import-run" onClick={onRun}>
          {changes === 0
            ? t("exchange.import.nothing")
            : t("exchange.import.run", { count: changes, shown: grouped(changes) })}
        </Button>
      </div>
    </div>
  );
}

const counts = [
  ["creates", "create"],
  ["updates", "update"],
  ["unchanged", "unchanged"],
  ["errors", "refused"],
] as const satisfies [keyof ImportPreview, ImportAction][];

function Counts({ preview }: { preview: ImportPreview }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  return (
    <dl className={classes.counts}>
      {counts.map(([key, action]) => (
        <div key={key} className={classes.count} data-action={action} data-none={preview[key] === 0}>
          <dt>{t(`exchange.import.counts.${key}`)}</dt>
          <dd data-testid={`import-${key}`}>{grouped(preview[key])}</dd>
        </div>
      ))}
    </dl>
  );
}

function Errors({ errors, total }: { errors: RowError[]; total: number }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>{t("exchange.import.errors")}</h3>
      <ul className={classes.errors}>
        {errors.map((error) => (
          <li key={`${error.line} ${error.column}`} data-testid="import-error">
            <span className={classes.row}>{t("exchange.import.line", { line: grouped(error.line) })}</span>
            {error.column && <code>{error.column}</code>}
            <Problem error={error} />
          </li>
        ))}
      </ul>
      {total > errors.length && (
        <p className={classes.quiet}>
          {t("exchange.import.moreErrors", {
            count: total - errors.length,
            shown: grouped(total - errors.length),
          })}
        </p>
      )}
    </section>
  );
}

function Problem({ error: { problem } }: { error: RowError }) {
  const { t } = useTranslation();
  return (
    <span>
      {problem.type === "rule" ? t(`rules.${problem.rule}`) : t(`exchange.import.problems.${problem.type}`)}
    </span>
  );
}

function Sample({ preview }: { preview: ImportPreview }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>{t("exchange.import.sample")}</h3>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t("exchange.import.lineColumn")}</th>
              <th scope="col">{t("exchange.import.actionColumn")}</th>
              {preview.columns.map(({ name, meaning }) => (
                <th key={name} scope="col" data-ignored={meaning.type === "ignored"}>
                  <code>{name}</code>
                  <Meaning meaning={meaning} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.sample.map(({ line, action, values }) => (
              <tr key={line} data-action={action}>
                <td className={classes.row}>{grouped(line)}</td>
                <td>{t(`exchange.import.actions.${action}`)}</td>
                {preview.columns.map(({ name, meaning }, nth) => (
                  <td key={name} data-ignored={meaning.type === "ignored"}>
                    {values[nth] ?? <span className={classes.quiet}>–</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Meaning({ meaning }: { meaning: ImportMeaning }) {
  const { t } = useTranslation();
  const words =
    meaning.type === "metadata"
      ? t("exchange.import.meanings.metadata", { key: meaning.key })
      : meaning.type === "id" || meaning.type === "ignored"
        ? t(`exchange.import.meanings.${meaning.type}`)
        : t(`users.fields.${meaning.type}`);
  return <span className={classes.meaning}>{words}</span>;
}
