// A person's picture, or their initial on a colour that stays theirs.
import { IconUser } from "@tabler/icons-react";
import { useState } from "react";

import classes from "./Avatar.module.css";

const tones = 7;

interface AvatarProps {
  /** Decides the colour. */
  id: string;
  name: string | null;
  url: string | null;
  size?: 24 | 40;
}

/** The same colour for the same person, on every machine. */
export function toneOf(id: string): number {
  return [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % tones;
}

export function Avatar({ id, name, url, size = 24 }: AvatarProps) {
  const [broken, setBroken] = useState<string>();
  const [drawn, setDrawn] = useState<string>();
  const initial = name ? [...name.trim()][0]?.toUpperCase() : undefined;
  // What stands for a picture stays beneath it until it is there.
  const pictured = url !== null && drawn === url && broken !== url;
  return (
    <span
      className={classes.avatar}
      data-tone={pictured ? undefined : initial ? toneOf(id) : "none"}
      data-size={size}
      aria-hidden="true"
    >
      {!pictured && (initial ?? <IconUser size={size === 40 ? 20 : 14} stroke={1.5} />)}
      {url && broken !== url && (
        <img
          key={url}
          className={classes.picture}
          src={url}
          alt=""
          loading="lazy"
          referrerPolicy="no-referrer"
          onLoad={() => setDrawn(url)}
          onError={() => setBroken(url)}
        />
      )}
    </span>
  );
}
