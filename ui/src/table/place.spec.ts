import { expect, it } from "vitest";

import { chance } from "@/ipc/fake/random";

import { begin, firstRow, moved, nearEnd, scrolled, settled, showing, type Area, type Place } from "./place";
import { slotCount } from "./slots";

const height = 36;
const next = chance(19);
const upTo = (limit: number) => Math.floor(next() * (limit + 1));

/** Lists of all lengths, most of them with more rows than a browser has room for. */
const areas: Area[] = Array.from({ length: 200 }, () => {
  const total = 1 + upTo(10 ** (2 + upTo(5)));
  return { total, slots: slotCount(total, height), visible: 5 + upTo(30), height };
});
const long = areas.filter(({ total, slots }) => total > slots);
const lastRow = ({ total, visible }: Area) => Math.max(0, total - visible);
const anywhere = (area: Area): Place =>
  scrolled(begin, upTo(Math.max(0, area.slots - area.visible)) * height, area);

it("has lists that are too long for a browser to try", () => {
  expect(long.length).toBeGreaterThan(20);
});

it("shows the first row at the top of the scroll area and the last rows at its bottom", () => {
  for (const area of areas) {
    const bottom = Math.max(0, area.slots - area.visible) * height;
    expect(firstRow(scrolled(anywhere(area), 0, area), area)).toBe(0);
    expect(firstRow(scrolled(anywhere(area), bottom, area), area)).toBe(lastRow(area));
  }
});

it("leaps to the same share of the list", () => {
  for (const area of long) {
    const share = 0.1 + next() * 0.8;
    const row = firstRow(scrolled(begin, Math.floor(area.slots * share) * height, area), area);
    expect(row / area.total).toBeCloseTo(share, 3);
  }
});

it("goes row by row with the wheel, however long the list is", () => {
  for (const area of long) {
    let place = settled(anywhere(area), area);
    if (nearEnd(place, area)) continue;
    const row = firstRow(place, area);
    for (let step = 1; step <= 4; step++) {
      place = scrolled(place, place.top + height, area);
      expect(firstRow(place, area)).toBe(row + step);
    }
  }
});

it("settles without moving what is seen, and once settled stays", () => {
  for (const area of areas) {
    let place = anywhere(area);
    for (let step = 0; step < 20; step++)
      place = scrolled(place, Math.max(0, place.top + (upTo(6) - 3) * height), area);
    const there = settled(place, area);
    expect(firstRow(there, area)).toBe(firstRow(place, area));
    expect(settled(there, area)).toEqual(there);
  }
});

it("reaches the first row by the wheel without skipping any", () => {
  for (const area of long) {
    let place = showing(begin, 300, area);
    let row = firstRow(place, area);
    for (let step = 0; row > 0 && step < 500; step++) {
      place = scrolled(place, Math.max(0, place.top - height), area);
      if (nearEnd(place, area)) place = settled(place, area);
      const now = firstRow(place, area);
      expect(row - now).toBeLessThanOrEqual(1);
      row = now;
    }
    expect(row).toBe(0);
  }
});

it("keeps the rows in view when others come above them", () => {
  for (const area of areas) {
    const place = anywhere(area);
    const row = firstRow(place, area);
    const longer = { ...area, total: area.total + 3, slots: slotCount(area.total + 3, height) };
    if (longer.slots !== area.slots && area.total > area.slots) continue;
    expect(firstRow(moved(place, 3, longer), longer)).toBe(Math.min(row + 3, lastRow(longer)));
  }
});

it("brings any row into view", () => {
  for (const area of areas) {
    const row = upTo(area.total - 1);
    const place = showing(anywhere(area), row, area);
    const first = firstRow(place, area);
    expect(first).toBeLessThanOrEqual(row);
    expect(first + area.visible).toBeGreaterThan(row);
    expect(showing(place, row, area)).toBe(place);
  }
});
