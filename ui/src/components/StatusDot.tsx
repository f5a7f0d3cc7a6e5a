// A state as dot and word; the word carries the meaning, the colour helps to find it.
import type { ReactNode } from "react";

import classes from "./StatusDot.module.css";

/** How a state feels: fine, not yet, broken, or neither. */
export type Tone = "healthy" | "waiting" | "broken" | "neutral";

export function StatusDot({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.status}>
      <span className={classes.dot} data-tone={tone} aria-hidden="true" />
      <span>{children}</span>
    </span>
  );
}
