// A detail over its list: a panel at the right where there is room, the whole page where there is not.
import { ActionIcon, Button } from "@mantine/core";
import { IconChevronLeft, IconX } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./SidePanel.module.css";

interface SidePanelProps {
  title: ReactNode;
  /** Names the panel for people who do not see it. */
  label: string;
  onClose: () => void;
  /** Where closing leads, for the way back when the panel takes the whole page. */
  back?: string;
  children: ReactNode;
  testId?: string;
}

/** Whether something above the panel wants the key: a dialog, an open menu, a list of choices. */
const coveredByOverlay = () =>
  document.querySelector(
    '[role="dialog"][aria-modal="true"], [role="menu"], [role="listbox"], [data-covers]',
  ) !== null;

export function SidePanel({ title, label, onClose, back, children, testId }: SidePanelProps) {
  const { t } = useTranslation();
  const panel = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  }, [onClose]);

  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);

  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !coveredByOverlay()) close.current();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);

  return (
    <section ref={panel} tabIndex={-1} className={classes.panel} aria-label={label} data-testid={testId}>
      {back && (
        <Button
          variant="subtle"
          color="slate"
          className={classes.back ?? ""}
          leftSection={<IconChevronLeft size={16} stroke={1.5} />}
          onClick={onClose}
        >
          {back}
        </Button>
      )}
      <header className={classes.header}>
        <div className={classes.title}>{title}</div>
        <ActionIcon variant="subtle" color="slate" aria-label={t("common.close")} onClick={onClose}>
          <IconX size={16} stroke={1.5} />
        </ActionIcon>
      </header>
      <div className={classes.content}>{children}</div>
    </section>
  );
}
