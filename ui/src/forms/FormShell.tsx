// The shell of every form: sections, the bar that saves, the error of the last try, and the question before leaving.
import { Button, Group, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useId, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";

import classes from "./FormShell.module.css";

interface FormShellProps {
  label: string;
  dirty: boolean;
  saving: boolean;
  /** The error of the last try that belongs to no field, or null. Required, so that nobody forgets it. */
  submitError: unknown;
  /** What can be done about that error, if there is more than to save again. */
  submitErrorAction?: ReactNode;
  saveLabel: string;
  discardLabel: string;
  /** A form that creates something shows its bar from the start. */
  creating?: boolean;
  /** Shows the values and takes no changes: the operator's role only reads them. */
  readOnly?: boolean;
  saveTestId?: string;
  onSubmit: () => void;
  onDiscard: () => void;
  children: ReactNode;
}

export function FormShell(props: FormShellProps) {
  const {
    label,
    dirty,
    saving,
    submitError,
    saveLabel,
    discardLabel,
    creating = false,
    readOnly = false,
  } = props;
  const { t } = useTranslation();
  return (
    <form
      className={classes.form}
      aria-label={label}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <fieldset className={classes.fields} disabled={readOnly}>
        {props.children}
      </fieldset>
      {submitError ? <ErrorNotice error={submitError} action={props.submitErrorAction} /> : null}
      {!readOnly && (dirty || creating) && (
        <div className={classes.bar}>
          {dirty && !creating && <span className={classes.unsaved}>{t("common.unsaved")}</span>}
          <Button variant="default" onClick={props.onDiscard} disabled={saving}>
            {discardLabel}
          </Button>
          <Button type="submit" loading={saving} data-testid={props.saveTestId}>
            {saveLabel}
          </Button>
        </div>
      )}
      <LeaveGuard dirty={dirty && !saving && !readOnly} />
    </form>
  );
}

/** Asks before another page takes unsaved changes away. */
export function LeaveGuard({ dirty }: { dirty: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: false,
    withResolver: true,
  });
  return (
    <Modal
      opened={blocker.status === "blocked"}
      onClose={() => blocker.reset?.()}
      title={t("common.leave.title")}
      size={420}
    >
      <p>{t("common.leave.text")}</p>
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={() => blocker.proceed?.()}>
          {t("common.leave.leave")}
        </Button>
        <Button onClick={() => blocker.reset?.()} data-autofocus>
          {t("common.leave.stay")}
        </Button>
      </Group>
    </Modal>
  );
}

/** A group of fields under a heading. */
export function FormSection({ title, children }: { title: string; children: ReactNode }) {
  const heading = useId();
  // Not a fieldset: WebKit takes its legend out of the column and draws the rule over the first field.
  return (
    <div role="group" aria-labelledby={heading} className={classes.section}>
      <h2 id={heading} className={classes.heading}>
        {title}
      </h2>
      {children}
    </div>
  );
}
