// Where a search is found in a text, for showing why something was found.

/** A stretch of a text, and whether it is what was searched for. */
export interface Stretch {
  text: string;
  found: boolean;
}

/** Letters that people leave out when they type a number. */
const filling = /[\s+\-()]/;

/**
 * A text in stretches. Case does not matter, and in `loose` texts, such as phone numbers, blanks and signs neither. If
 * the whole search is nowhere, its words are looked for.
 */
export function marks(text: string, search: string, loose = false): Stretch[] {
  const letters = [...text];
  const kept = letters.flatMap((letter, index) => (loose && filling.test(letter) ? [] : [index]));
  const plain = kept.map((index) => fold(letters[index] ?? ""));
  const found = new Set<number>();
  const mark = (wanted: string): boolean => {
    const aim = [...wanted].filter((letter) => !loose || !filling.test(letter)).map(fold);
    if (aim.length === 0) return false;
    let any = false;
    for (let start = 0; start + aim.length <= plain.length; start++) {
      if (!aim.every((letter, nth) => plain[start + nth] === letter)) continue;
      any = true;
      const [first = 0, last = 0] = [kept[start], kept[start + aim.length - 1]];
      for (let index = first; index <= last; index++) found.add(index);
      start += aim.length - 1;
    }
    return any;
  };
  const whole = search.trim();
  if (!mark(whole)) for (const word of whole.split(/\s+/)) if (word !== whole) mark(word);
  return stretches(letters, found);
}

// A letter whose other case is longer would shift all that follow.
const fold = (letter: string): string => {
  const lower = letter.toLowerCase();
  return [...lower].length === 1 ? lower : letter;
};

function stretches(letters: readonly string[], found: ReadonlySet<number>): Stretch[] {
  const out: Stretch[] = [];
  for (const [index, letter] of letters.entries()) {
    const last = out.at(-1);
    if (last?.found === found.has(index)) last.text += letter;
    else out.push({ text: letter, found: found.has(index) });
  }
  return out;
}

/** A part of a long text with what was searched for in its middle; absent if it is not found in it. */
export function around(text: string, search: string, room = 14): string | undefined {
  const at = text.toLowerCase().indexOf(search.trim().toLowerCase());
  if (at < 0 || search.trim() === "") return undefined;
  const begin = Math.max(0, Math.min(at - 2, text.length - room));
  const end = Math.min(text.length, begin + room);
  return `${begin > 0 ? "…" : ""}${text.slice(begin, end)}${end < text.length ? "…" : ""}`;
}
