import { expect, it } from "vitest";

import {
  addressOf,
  asksSame,
  dayOf,
  daysOf,
  isDay,
  keptOf,
  questionOf,
  usersSearch,
  type UsersSearch,
} from "./question";

it.each<[Record<string, unknown>, UsersSearch]>([
  [{}, {}],
  [{ search: "王" }, { search: "王" }],
  [
    { search: 138, connection: 7 },
    { search: "138", connection: "7" },
  ],
  [
    { union: "no", status: "blocked", sync: "conflict" },
    { union: "no", status: "blocked", sync: "conflict" },
  ],
  [{ created: "2026-03-01..2026-03-31" }, { created: "2026-03-01..2026-03-31" }],
  [{ seen: "..2026-03-31" }, { seen: "..2026-03-31" }],
  [{ created: "week", seen: "fortnight" }, { created: "week" }],
  [{ sort: "-bindings" }, { sort: "-bindings" }],
  [
    { sort: "-last_seen", view: "v1" },
    { sort: "-last_seen", view: "v1" },
  ],
  [{ search: "", unsynced: "yes", union: true, status: "gone", sort: "colour", created: "2026-02-30.." }, {}],
])("reads %j from an address as %j", (given, asked) => {
  expect(usersSearch(given)).toEqual(asked);
});

it.each<UsersSearch>([
  {},
  { search: "小满" },
  { search: "小满", sort: "-created" },
  { sort: "created" },
  { connection: "c-pc", union: "no", status: "active", sync: "unsynced" },
  { created: "2025-12-31..2026-01-01", seen: "2026-03-01.." },
  { created: "..2024-02-29" },
  { created: "week", seen: "year" },
])("keeps %j under a name and asks the same again", (asked) => {
  const again = addressOf(keptOf(asked));
  expect(again).toEqual(asked);
  expect(asksSame(asked, again)).toBe(true);
});

it("asks for whole days, the last one included", () => {
  const { created } = questionOf({ created: "2026-03-01..2026-03-01" }).filter;
  expect(new Date(created?.from ?? 0)).toEqual(new Date(2026, 2, 1));
  expect(new Date(created?.until ?? 0)).toEqual(new Date(2026, 2, 2));
});

it("keeps a span of days as such, and asks for the days that it means today", () => {
  expect(keptOf({ created: "week" }).filter.created).toEqual({ span: "week" });
  const { created } = questionOf({ created: "week" }).filter;
  const today = new Date();
  const begin = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 6);
  expect(created).toEqual({ from: begin.getTime(), until: null });
  expect(asksSame({ created: "week" }, { created: `${dayOf(begin.getTime())}..` })).toBe(false);
});

it("leaves the order to the host unless it is told one", () => {
  expect(questionOf({ search: "王" }).sort).toEqual({});
  expect(questionOf({ search: "王", sort: "-name" }).sort).toEqual({ by: "name", descending: true });
});

it.each(["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "yesterday", ""])(
  "takes %j for no day",
  (text) => {
    expect(isDay(text)).toBe(false);
  },
);

it.each(["..", "2026-03-01", "2026-03-01..x", "2026-03-01..2026-03-02..2026-03-03"])(
  "takes %j for no days",
  (text) => {
    expect(daysOf(text)).toBeUndefined();
  },
);
