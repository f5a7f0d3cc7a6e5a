// One part of a person's panel under its heading.
import type { ReactNode } from "react";

import classes from "./UserPanel.module.css";

interface SectionProps {
  title: string;
  /** Stands beside the heading. */
  action?: ReactNode;
  children: ReactNode;
}

export function Section({ title, action, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <h3 className={classes.sectionTitle}>{title}</h3>
        {action}
      </div>
      {children}
    </section>
  );
}
