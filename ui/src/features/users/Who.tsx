// Who somebody is, at a glance: their picture, their name, and a line of facts.
import type { ReactNode } from "react";

import { Avatar } from "./Avatar";

import classes from "./Who.module.css";

interface WhoProps {
  /** Decides the colour where there is no picture. */
  id: string;
  name: string | null;
  url: string | null;
  /** The name as it is shown. */
  title: ReactNode;
  size?: "small" | "large";
  /** What the name is where it stands. */
  as?: "h2" | "div";
  /** The facts. */
  children: ReactNode;
}

export function Who({ id, name, url, title, size = "small", as: Name = "h2", children }: WhoProps) {
  return (
    <div className={classes.who}>
      <Avatar id={id} name={name} url={url} size={40} />
      <div className={classes.text}>
        <Name className={classes.name} data-size={size}>
          {title}
        </Name>
        <div className={classes.facts}>{children}</div>
      </div>
    </div>
  );
}
