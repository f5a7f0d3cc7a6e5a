// A text with what was searched for marked in it.
import { marks } from "@/lib/marks";

import classes from "./Marked.module.css";

interface MarkedProps {
  text: string;
  search: string;
  /** The text is a number: blanks and signs in it do not matter. */
  loose?: boolean;
}

export function Marked({ text, search, loose = false }: MarkedProps) {
  if (search === "") return text;
  return marks(text, search, loose).map((part, index) =>
    part.found ? (
      // Stretches have no name but their place.
      // oxlint-disable-next-line react/no-array-index-key
      <mark key={index} className={classes.mark}>
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
