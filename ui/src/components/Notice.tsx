// A message in its place: what happened, what it means, what to do.
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconProgressAlert } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Tone } from "./StatusDot";

import classes from "./Notice.module.css";

const icons = {
  healthy: IconCircleCheck,
  waiting: IconProgressAlert,
  broken: IconAlertTriangle,
  neutral: IconInfoCircle,
} satisfies Record<Tone, unknown>;

interface NoticeProps {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  /** What to do; stands out from what happened. */
  advice?: ReactNode;
  actions?: ReactNode;
  /** Interrupts screen readers; for what went wrong just now. */
  urgent?: boolean;
  testId?: string;
}

export function Notice({ tone, title, children, advice, actions, urgent = false, testId }: NoticeProps) {
  const Icon = icons[tone];
  return (
    <div className={classes.notice} data-tone={tone} role={urgent ? "alert" : "note"} data-testid={testId}>
      <Icon className={classes.icon} size={16} stroke={1.5} aria-hidden="true" />
      <div className={classes.words}>
        <div className={classes.title}>{title}</div>
        {children && <div className={classes.meaning}>{children}</div>}
        {advice && <div className={classes.advice}>{advice}</div>}
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
    </div>
  );
}
