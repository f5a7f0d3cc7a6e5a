// A list longer than a browser can scroll: a capped number of slots, each showing one of more rows.

/** Browsers lose precision, and then rows, somewhere above this height in pixels. */
export const heightLimit = 16_000_000;

/** How many slots the scroll area has: one a row until the height limit. */
export function slotCount(total: number, rowHeight: number, limit = heightLimit): number {
  return Math.min(total, Math.floor(limit / rowHeight));
}

/** What a stretch of scroll area stands for. */
export interface Stretch {
  /** Rows in all. */
  total: number;
  /** Slots in all. */
  slots: number;
  /** Slots that fit on the screen. */
  visible: number;
}

/**
 * The row in the first visible slot. The ends meet: the first slot shows the first row, the last screen the last rows.
 * With as many slots as rows it is the slot's own number.
 */
export function rowInSlot(slot: number, { total, slots, visible }: Stretch): number {
  const lastSlot = Math.max(0, slots - visible);
  const lastRow = Math.max(0, total - visible);
  if (lastSlot === 0) return Math.max(0, Math.min(slot, total - 1));
  return Math.max(0, Math.min(total - 1, Math.round((slot * lastRow) / lastSlot)));
}

/** The first visible slot at which a row is on the screen; `rowInSlot` turned round. */
export function slotOfRow(row: number, { total, slots, visible }: Stretch): number {
  const lastSlot = Math.max(0, slots - visible);
  const lastRow = Math.max(0, total - visible);
  if (lastRow === 0) return 0;
  return Math.max(0, Math.min(lastSlot, Math.round((row * lastSlot) / lastRow)));
}

/** The pages that hold rows `first` to `last`. */
export function pagesOf(first: number, last: number, pageSize: number): number[] {
  if (last < first) return [];
  const from = Math.floor(Math.max(0, first) / pageSize);
  const to = Math.floor(Math.max(0, last) / pageSize);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Which pages to keep, most recently wanted last: all that are wanted now, and the latest others up to a limit. */
export function keepPages(held: readonly number[], wanted: readonly number[], limit: number): number[] {
  const others = held.filter((page) => !wanted.includes(page));
  const room = Math.max(0, limit - wanted.length);
  return [...(room === 0 ? [] : others.slice(-room)), ...wanted];
}
