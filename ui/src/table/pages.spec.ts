import { describe, expect, it, vi } from "vitest";

import { chance } from "@/ipc/fake/random";

import { Pages, pageSize, type Load } from "./pages";

/** A list of numbers, highest first, with the last number of a page as the cursor to the next. */
function list(length: number) {
  const all = Array.from({ length }, (_, index) => (length - index) * 10);
  const load = vi.fn<Load<number>>(async (after, limit) => {
    const rest = after === null ? all : all.filter((one) => one < Number(after));
    const rows = rest.slice(0, limit);
    return { rows, next: rest.length > limit ? String(rows.at(-1)) : null, total: all.length };
  });
  return { all, load };
}

const shownRows = (pages: Pages<number>, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => pages.row(first + index));

describe("a long list", () => {
  it("loads only the page that is looked at", async () => {
    const { all, load } = list(1_000);
    const pages = new Pages(load);
    await pages.want(0, 20);
    expect(load).toHaveBeenCalledTimes(1);
    expect(pages.shown().total).toBe(1_000);
    expect(shownRows(pages, 0, 20)).toEqual(all.slice(0, 21));
    expect(pages.row(pageSize)).toBeUndefined();
  });

  it("finds its way through the cursors when somebody leaps, and back without asking twice", async () => {
    const { all, load } = list(1_000);
    const pages = new Pages(load);
    await pages.want(890, 910);
    expect(shownRows(pages, 890, 910)).toEqual(all.slice(890, 911));
    const asked = load.mock.calls.length;
    await pages.want(300, 310);
    expect(load).toHaveBeenCalledTimes(asked);
    expect(pages.row(305)).toBe(all[305]);
  });

  it("forgets pages nobody looked at for long, and loads one of them again by its cursor", async () => {
    const { all, load } = list(6_000);
    const pages = new Pages(load);
    await pages.want(5_990, 5_999);
    expect(pages.row(0)).toBeUndefined();
    const asked = load.mock.calls.length;
    await pages.want(1_000, 1_010);
    expect(load).toHaveBeenCalledTimes(asked + 1);
    expect(pages.row(1_005)).toBe(all[1_005]);
  });

  it("reads only what is looked at anew when nothing moved", async () => {
    const { load } = list(3_000);
    const pages = new Pages(load);
    await pages.want(1_190, 1_210);
    const asked = load.mock.calls.length;
    await pages.refresh();
    // The first page tells that the cursors still hold; the two in view follow.
    expect(load.mock.calls.length - asked).toBeLessThanOrEqual(3);
  });

  it("shows the old rows until a refresh is whole", async () => {
    const { all, load } = list(500);
    const pages = new Pages(load);
    await pages.want(190, 210);
    all.unshift(99_999);
    const seen: (number | undefined)[] = [];
    pages.subscribe(() => seen.push(pages.row(200)));
    await pages.refresh();
    expect(new Set(seen)).toEqual(new Set([all[200]]));
    expect(pages.indexWhere((row) => row === all[205])).toBe(205);
  });

  it("says why it could not load, and recovers", async () => {
    const { all, load } = list(10);
    const pages = new Pages(load);
    load.mockRejectedValueOnce(new Error("gone"));
    await pages.want(0, 5);
    expect(pages.shown().error).toEqual(new Error("gone"));
    await pages.want(0, 5);
    expect(pages.shown().error).toBeNull();
    expect(pages.row(0)).toBe(all[0]);
  });

  it("shows a stretch of the truth without gaps after any course of reading and changing", async () => {
    const next = chance(7);
    for (let course = 0; course < 60; course++) {
      const { all, load } = list(1 + Math.floor(next() * 1_500));
      const pages = new Pages(load);
      let changes = 0;
      for (let step = 0; step < 12; step++) {
        const before = all.length;
        while (next() < 0.4) {
          changes += 1;
          const at = Math.floor(next() * all.length);
          if (next() < 0.5 && all.length > 1) all.splice(at, 1);
          else all.splice(at, 0, ((all[at] ?? 0) + (all[at - 1] ?? (all[at] ?? 0) + 10)) / 2);
        }
        const first = Math.floor(next() * all.length);
        const last = Math.min(all.length - 1, first + 30);
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all([pages.want(first, last), pages.refresh()]);
        const seen = shownRows(pages, first, last).filter((row) => row !== undefined);
        const start = all.indexOf(seen[0] ?? 0);
        expect(seen).toEqual(all.slice(start, start + seen.length));
        // Far down the list a place may be off by what came and went elsewhere, until somebody scrolls through it.
        expect(Math.abs(start - first)).toBeLessThanOrEqual(all.length === before ? changes : 0);
      }
    }
  });
});
