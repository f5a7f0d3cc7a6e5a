// Where a reader is in a long list. Small moves go row by row; a leap goes to the same share of the list.
import { rowInSlot, slotOfRow, type Stretch } from "./slots";

/** What of the list is seen. */
export interface Place {
  /** How far the scroll area is scrolled, in pixels. */
  top: number;
  /** The row in slot 0. Other than 0 only where a list has more rows than slots. */
  origin: number;
}

/** A list as it lies in its scroll area. */
export interface Area extends Stretch {
  /** Of a row, in pixels. */
  height: number;
}

/** The beginning of every list. */
export const begin: Place = { top: 0, origin: 0 };

const slotAt = (place: Place, { height }: Area): number => Math.floor(place.top / height);
const lastSlotOf = ({ slots, visible }: Area): number => Math.max(0, slots - visible);
const lastRowOf = ({ total, visible }: Area): number => Math.max(0, total - visible);
const between = (low: number, value: number, high: number): number => Math.max(low, Math.min(high, value));

/** The first row that is seen. */
export function firstRow(place: Place, area: Area): number {
  return between(0, slotAt(place, area) + place.origin, lastRowOf(area));
}

/** Somebody scrolled. What is less than two screens away was meant row by row, and what is more was a leap. */
export function scrolled(place: Place, top: number, area: Area): Place {
  if (area.slots === area.total) return { top, origin: 0 };
  const slot = Math.floor(top / area.height);
  if (slot <= 0) return { top, origin: 0 };
  if (slot >= lastSlotOf(area)) return { top, origin: area.total - area.slots };
  const leap = Math.abs(top - place.top) > 2 * area.visible * area.height;
  const row = leap ? rowInSlot(slot, area) : between(0, slot + place.origin, lastRowOf(area));
  return { top, origin: row - slot };
}

/** How many screens at either end of the list have a slot for each row, so that the ends are reached row by row. */
const edge = 10;

/** The slot that stands for a row. */
function slotFor(row: number, area: Area): number {
  const [last, lastRow] = [lastSlotOf(area), lastRowOf(area)];
  const room = Math.min(edge * area.visible, Math.floor(last / 2));
  return between(Math.min(row, room), slotOfRow(row, area), last - Math.min(lastRow - row, room));
}

/** The same rows, with the scroll bar where their share of the list is. Both ends stay within reach. */
export function settled(place: Place, area: Area): Place {
  if (area.slots === area.total) return place;
  const row = firstRow(place, area);
  const slot = slotAt(place, area);
  const due = slotFor(row, area);
  return due === slot ? place : { top: place.top + (due - slot) * area.height, origin: row - due };
}

/** Whether an end of the scroll area is so near that it would be reached before the end of the list. */
export function nearEnd(place: Place, area: Area): boolean {
  const slot = slotAt(place, area);
  return slot < area.visible || slot > lastSlotOf(area) - area.visible;
}

/** Rows came or went above: the same rows as before stay in view. */
export function moved(place: Place, rows: number, area: Area): Place {
  return area.slots === area.total
    ? { ...place, top: place.top + rows * area.height }
    : { ...place, origin: place.origin + rows };
}

/** A place at which a row is in view; the same place if it is already. */
export function showing(place: Place, row: number, area: Area): Place {
  const first = firstRow(place, area);
  const aim = row < first ? row : row >= first + area.visible ? row - area.visible + 1 : first;
  if (aim === first) return place;
  const exact = area.slots === area.total;
  const slot = exact ? aim : slotFor(between(0, aim, lastRowOf(area)), area);
  return { top: slot * area.height, origin: aim - slot };
}
