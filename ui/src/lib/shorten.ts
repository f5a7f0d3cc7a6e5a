// Identifiers too long to read are shortened in the middle, where nobody looks.

/** `oGZUI0egBJY1zhBYw2KhdUfwVJJE` → `oGZU…VJJE`; what fits in 14 characters stays whole. */
export function shorten(text: string, edge = 4): string {
  return text.length <= 14 ? text : `${text.slice(0, edge)}…${text.slice(-edge)}`;
}
