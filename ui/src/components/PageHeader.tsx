// The head of every page: where one is, what it is for, the one thing to do here.
import type { ReactNode } from "react";

import { usePageTitle } from "@/lib/pageTitle";

import classes from "./PageHeader.module.css";

interface PageHeaderProps {
  title: string;
  /** One sentence. */
  purpose?: ReactNode;
  /** The primary action, and at most a quiet one beside it. */
  action?: ReactNode;
  /** A way back to the list, above the title. */
  back?: ReactNode;
  /** Stands before the title: a glyph or an avatar. */
  mark?: ReactNode;
}

export function PageHeader({ title, purpose, action, back, mark }: PageHeaderProps) {
  usePageTitle(title);
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        {back && <div className={classes.back}>{back}</div>}
        <div className={classes.line}>
          {mark}
          <h1 className={classes.title}>{title}</h1>
        </div>
        {purpose && <div className={classes.purpose}>{purpose}</div>}
      </div>
      {action && <div className={classes.action}>{action}</div>}
    </header>
  );
}
