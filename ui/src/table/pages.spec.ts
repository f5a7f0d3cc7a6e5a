import { describe, expect, it, vi } from "vitest";

import { chance } from "@/ipc/fake/random";

import { Pages, pageSize, type Page, type Source } from "./pages";

/** A list of numbers, highest first, with the last number of a page as the cursor to the next. */
function list(length: number) {
  const all = Array.from({ length }, (_, index) => (length - index) * 10);
  const page = (rest: number[], limit: number): Page<number> => {
    const rows = rest.slice(0, limit);
    return { rows, next: rest.length > limit ? String(rows.at(-1)) : null, total: all.length };
  };
  const after = vi.fn<Source<number>["after"]>(async (cursor, limit) =>
    page(cursor === null ? all : all.filter((one) => one < Number(cursor)), limit),
  );
  const at = vi.fn<Source<number>["at"]>(async (position, limit) => page(all.slice(position), limit));
  return { all, source: { after, at }, asked: () => after.mock.calls.length + at.mock.calls.length };
}

const shownRows = (pages: Pages<number>, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => pages.row(first + index));

describe("a long list", () => {
  it("loads only the page that is looked at", async () => {
    const { all, source, asked } = list(1_000);
    const pages = new Pages(source);
    await pages.want(0, 20);
    expect(asked()).toBe(1);
    expect(pages.shown().total).toBe(1_000);
    expect(shownRows(pages, 0, 20)).toEqual(all.slice(0, 21));
    expect(pages.row(pageSize)).toBeUndefined();
  });

  it("reads on by the cursor, so that no row is shown twice or missed", async () => {
    const { all, source } = list(1_000);
    const pages = new Pages(source);
    await pages.want(0, 20);
    const before = [...all];
    all.unshift(99_999);
    await pages.want(190, 210);
    expect(shownRows(pages, 190, 210)).toEqual(before.slice(190, 211));
    expect(source.at).not.toHaveBeenCalled();
  });

  it("leaps over a million rows with one question", async () => {
    const { all, source, asked } = list(1_000_000);
    const pages = new Pages(source);
    await pages.want(0, 20);
    await pages.want(700_010, 700_030);
    expect(asked()).toBe(2);
    expect(shownRows(pages, 700_010, 700_030)).toEqual(all.slice(700_010, 700_031));
    await pages.want(999_980, 999_999);
    expect(asked()).toBe(3);
    expect(pages.row(999_999)).toBe(10);
  });

  it("loads what is looked at last, not what the scroll bar passed on its way", async () => {
    const { source, asked } = list(1_000_000);
    const pages = new Pages(source);
    await pages.want(0, 20);
    const passing = Array.from({ length: 50 }, (_, step) => pages.want(step * 10_000, step * 10_000 + 20));
    await Promise.all(passing);
    await pages.want(500_010, 500_030);
    expect(asked()).toBeLessThanOrEqual(4);
  });

  it("forgets pages nobody looked at for long, and loads one of them again when asked", async () => {
    const { all, source, asked } = list(6_000);
    const pages = new Pages(source);
    for (let row = 0; row < 6_000; row += pageSize) {
      // oxlint-disable-next-line no-await-in-loop
      await pages.want(row, row + 10);
    }
    expect(pages.row(0)).toBeUndefined();
    expect(pages.row(5_999)).toBe(10);
    const before = asked();
    await pages.want(1_000, 1_010);
    expect(asked()).toBe(before + 1);
    expect(pages.row(1_005)).toBe(all[1_005]);
  });

  it("reads only what is looked at anew", async () => {
    const { source, asked } = list(3_000);
    const pages = new Pages(source);
    await pages.want(0, 10);
    await pages.want(1_190, 1_210);
    const before = asked();
    await pages.refresh();
    expect(asked() - before).toBe(2);
  });

  it("shows less when the end of the list is gone", async () => {
    const { all, source } = list(1_000);
    const pages = new Pages(source);
    await pages.want(0, 10);
    await pages.want(950, 999);
    all.length = 500;
    await pages.refresh();
    expect(pages.shown().total).toBe(500);
    expect(pages.row(960)).toBeUndefined();
    await pages.want(480, 499);
    expect(pages.row(499)).toBe(all[499]);
  });

  it("shows the old rows until a refresh is whole", async () => {
    const { all, source } = list(500);
    const pages = new Pages(source);
    await pages.want(190, 210);
    all.unshift(99_999);
    const seen: (number | undefined)[] = [];
    pages.subscribe(() => seen.push(pages.row(200)));
    await pages.refresh();
    expect(new Set(seen)).toEqual(new Set([all[200]]));
    expect(pages.indexWhere((row) => row === all[205])).toBe(205);
  });

  it("says why it could not load, and recovers", async () => {
    const { all, source } = list(10);
    const pages = new Pages(source);
    source.after.mockRejectedValueOnce(new Error("gone"));
    await pages.want(0, 5);
    expect(pages.shown().error).toEqual(new Error("gone"));
    await pages.want(0, 5);
    expect(pages.shown().error).toBeNull();
    expect(pages.row(0)).toBe(all[0]);
  });

  it("shows a stretch of the truth without gaps after any course of reading and changing", async () => {
    const next = chance(7);
    for (let course = 0; course < 60; course++) {
      const { all, source } = list(1 + Math.floor(next() * 1_500));
      const pages = new Pages(source);
      for (let step = 0; step < 12; step++) {
        while (next() < 0.4) {
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
        expect(start).toBe(first);
      }
    }
  });
});
