import { expect, it } from "vitest";

import { chance } from "@/ipc/fake/random";

import { heightLimit, keepPages, pagesOf, rowInSlot, slotCount, slotOfRow, type Stretch } from "./slots";

const next = chance(41);
const upTo = (limit: number) => Math.floor(next() * (limit + 1));

/** Lists of all lengths, also far beyond what a browser scrolls. */
const stretches: Stretch[] = Array.from({ length: 300 }, () => {
  const total = 1 + upTo(10 ** (1 + upTo(6)));
  return { total, slots: slotCount(total, next() < 0.5 ? 36 : 28), visible: 1 + upTo(40) };
});

it("never makes the scroll area higher than a browser can scroll", () => {
  for (const { total, slots } of stretches) {
    expect(slots * 28).toBeLessThanOrEqual(heightLimit);
    expect(slots).toBeLessThanOrEqual(total);
  }
});

it("shows each row in its own slot as long as there are enough", () => {
  const short = stretches.filter(({ total, slots }) => total === slots);
  expect(short.length).toBeGreaterThan(50);
  for (const stretch of short) {
    const slot = upTo(Math.max(0, stretch.total - stretch.visible));
    expect(rowInSlot(slot, stretch)).toBe(slot);
  }
});

it("begins with the first row, ends with the last, and never goes back in between", () => {
  for (const stretch of stretches) {
    const last = Math.max(0, stretch.slots - stretch.visible);
    expect(rowInSlot(0, stretch)).toBe(0);
    expect(rowInSlot(last, stretch)).toBe(Math.max(0, stretch.total - stretch.visible));
    const slot = upTo(Math.max(0, last - 1));
    expect(rowInSlot(slot + 1, stretch)).toBeGreaterThanOrEqual(rowInSlot(slot, stretch));
  }
});

it("scrolls to a slot at which the row is on the screen", () => {
  for (const stretch of stretches) {
    const row = upTo(stretch.total - 1);
    const first = rowInSlot(slotOfRow(row, stretch), stretch);
    // Skipped rows between two slots are less than a slot's share of the whole.
    const share = Math.ceil(stretch.total / Math.max(1, stretch.slots - stretch.visible));
    expect(row).toBeGreaterThanOrEqual(first - share);
    expect(row).toBeLessThan(first + Math.max(stretch.visible, share + 1));
  }
});

it("names the pages that hold a range", () => {
  expect(pagesOf(0, 0, 200)).toEqual([0]);
  expect(pagesOf(190, 210, 200)).toEqual([0, 1]);
  expect(pagesOf(400, 999, 200)).toEqual([2, 3, 4]);
  expect(pagesOf(5, 4, 200)).toEqual([]);
});

it("keeps what is wanted and the latest others", () => {
  expect(keepPages([1, 2, 3, 4], [9], 3)).toEqual([3, 4, 9]);
  expect(keepPages([1, 2, 3], [2, 3], 2)).toEqual([2, 3]);
  expect(keepPages([1, 2], [7, 8, 9], 2)).toEqual([7, 8, 9]);
});
