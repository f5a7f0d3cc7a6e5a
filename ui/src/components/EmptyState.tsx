// A place with nothing in it yet: one drawing in hairlines, one sentence, one action.
import type { ReactNode } from "react";

import classes from "./EmptyState.module.css";

interface EmptyStateProps {
  drawing?: "badge" | "people" | "search" | "balance";
  title: string;
  /** One sentence that teaches the next step. */
  text?: ReactNode;
  action?: ReactNode;
}

const strokes: Record<NonNullable<EmptyStateProps["drawing"]>, ReactNode> = {
  badge: (
    <>
      <path d="M48 8h48l24 24v64l-24 24H48L24 96V32Z" />
      <circle cx="72" cy="24" r="5" />
      <path d="M72 0c-8 6-8 12 0 19" />
      <path d="M42 42h22v22H42zM49 49h8v8h-8zM80 42h22v22H80zM87 49h8v8h-8zM42 80h22v22H42zM49 87h8v8h-8z" />
      <path d="M80 80h8v8h-8zM94 94h8v8h-8zM94 80h8M80 102h8" />
    </>
  ),
  people: (
    <>
      <circle cx="72" cy="42" r="16" />
      <path d="M40 104c0-20 14-32 32-32s32 12 32 32" />
      <circle cx="30" cy="56" r="10" />
      <path d="M8 100c0-14 9-22 22-22 5 0 9 1 12 3" />
      <circle cx="114" cy="56" r="10" />
      <path d="M136 100c0-14-9-22-22-22-5 0-9 1-12 3" />
    </>
  ),
  search: (
    <>
      <path d="M16 30h76M16 50h52M16 70h44M16 90h60" />
      <circle cx="96" cy="70" r="24" />
      <path d="m113 87 20 20" />
    </>
  ),
  balance: (
    <>
      <path d="M72 16v92M48 108h48M28 34l44-10 44 10" />
      <path d="M28 34 12 70h32ZM12 70c2 10 30 10 32 0M116 34l-16 36h32ZM100 70c2 10 30 10 32 0" />
    </>
  ),
};

export function EmptyState({ drawing = "badge", title, text, action }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <svg viewBox="0 0 144 120" className={classes.drawing} aria-hidden="true">
        {strokes[drawing]}
      </svg>
      <h2 className={classes.title}>{title}</h2>
      {text && <p className={classes.text}>{text}</p>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
