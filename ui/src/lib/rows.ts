// Whether lists are compact; a choice of this machine.
const stored = "yaopai.rows";

/** How tall the rows of lists are. */
export type Rows = "comfortable" | "compact";

/** The choice, comfortable until somebody chose. */
export const chosenRows = (): Rows =>
  localStorage.getItem(stored) === "compact" ? "compact" : "comfortable";

/** Height of a row in pixels. */
export const rowHeight = (rows: Rows): number => (rows === "compact" ? 28 : 36);

/** Lets the style sheet know. */
export function applyRows(rows: Rows = chosenRows()): void {
  document.documentElement.dataset["rows"] = rows;
}

/** Remembers and applies a choice. */
export function chooseRows(rows: Rows): void {
  localStorage.setItem(stored, rows);
  applyRows(rows);
}
