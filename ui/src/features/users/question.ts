// The question a list of users answers: as it stands in the address, and as the host is asked.
import type {
  DaySpan,
  SortBy,
  SyncFilter,
  TimeRange,
  UserFilter,
  UserQuery,
  UserSort,
  UserStatus,
} from "@/ipc/bindings";

/** What is listed; kept in the address, so that going back shows the same. What is absent asks for nothing. */
export interface UsersSearch {
  search?: string;
  /** The id of a connection. */
  connection?: string;
  /** Whether the UnionID is known. */
  union?: "yes" | "no";
  status?: UserStatus;
  /** Days, as `2026-03-01..2026-03-31`, where either end may be missing; or a span of days up to now. */
  created?: string;
  /** Days, in the same way. */
  seen?: string;
  sync?: SyncFilter;
  /** The column, with `-` before it for the highest first. */
  sort?: string;
  /** The saved view that it began with. */
  view?: string;
}

/** What the host is asked, without the place in the list. */
export type Question = Pick<UserQuery, "search" | "filter" | "sort">;

/** Days from and to, both included; absent where it does not matter. */
export interface Days {
  from: string | undefined;
  to: string | undefined;
}

const sorts = [
  "created",
  "last_seen",
  "name",
  "phone",
  "wechat_id",
  "status",
  "updated",
  "bindings",
  "sync",
] as const;

/** Spans of days that are asked for often, and how many days before today each begins. */
const begins: Record<DaySpan, number> = { today: 0, week: 6, month: 29, year: 364 };

/** Their names, shortest first. */
export const spans = Object.keys(begins) as DaySpan[];

/** Everybody, in the usual order: the best matches of a search first, else the newest users. */
export const everybody = { filter: {} satisfies UserFilter, sort: {} satisfies UserSort };

const oneOf = <T extends string>(from: readonly T[], given: unknown): T | undefined =>
  from.find((one) => one === given);

/** Text from an address, in which a number looks like one. */
const textOf = (given: unknown): string | undefined =>
  (typeof given === "string" && given !== "") || typeof given === "number" ? `${given}` : undefined;

/** Leaves out what is absent. */
function present<T extends object>(given: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

/** Reads the question from an address; what is not understood is left out. */
export function usersSearch(given: Record<string, unknown>): UsersSearch {
  const days = (name: string) => {
    const text = textOf(given[name]);
    const read = daysOf(text);
    return spanOf(text) ?? (read && daysText(read));
  };
  const sort = textOf(given["sort"]);
  return present<UsersSearch>({
    search: textOf(given["search"]),
    connection: textOf(given["connection"]),
    union: oneOf(["yes", "no"], given["union"]),
    status: oneOf(["active", "blocked"], given["status"]),
    created: days("created"),
    seen: days("seen"),
    sync: oneOf(["unsynced", "conflict"], given["sync"]),
    sort: sort !== undefined && oneOf(sorts, sort.replace(/^-/, "")) ? sort : undefined,
    view: textOf(given["view"]),
  });
}

/** The span of days that an address asks for by its name, if it does. */
export const spanOf = (text: string | undefined): DaySpan | undefined => oneOf(spans, text);

/** What the host is asked now. */
export function questionOf(asked: UsersSearch): Question {
  return {
    search: asked.search ?? "",
    filter: {
      connection: asked.connection ?? null,
      union_id: asked.union === undefined ? null : asked.union === "yes",
      status: asked.status ?? null,
      created: rangeOf(daysOf(asked.created)),
      last_seen: rangeOf(daysOf(asked.seen)),
      sync: asked.sync ?? null,
    },
    sort: sortOf(asked.sort) ?? everybody.sort,
  };
}

/** What is kept under a name: spans of days stay what they are, and mean other days tomorrow. */
export function keptOf(asked: UsersSearch): Question {
  const { filter, ...others } = questionOf(asked);
  const kept = (text: string | undefined, range: TimeRange | undefined): TimeRange => {
    const span = spanOf(text);
    return span ? { span } : (range ?? {});
  };
  return {
    ...others,
    filter: {
      ...filter,
      created: kept(asked.created, filter.created),
      last_seen: kept(asked.seen, filter.last_seen),
    },
  };
}

/** The address of a question, for one that was kept. */
export function addressOf({ search, filter, sort }: Question): UsersSearch {
  return usersSearch({
    search,
    connection: filter.connection,
    union: filter.union_id === true ? "yes" : filter.union_id === false ? "no" : undefined,
    status: filter.status,
    created: filter.created?.span ?? daysText(daysIn(filter.created ?? {})),
    seen: filter.last_seen?.span ?? daysText(daysIn(filter.last_seen ?? {})),
    sync: filter.sync,
    sort: sort.by ? sortText(sort.by, sort.descending ?? false) : undefined,
  });
}

/** The question without its filters. */
export const unfiltered = ({ search, sort }: UsersSearch): UsersSearch =>
  present<UsersSearch>({ search, sort });

/** Whether anything narrows the list but the search. */
export const isFiltered = (asked: UsersSearch): boolean =>
  [asked.connection, asked.union, asked.status, asked.created, asked.seen, asked.sync].some(
    (one) => one !== undefined,
  );

/** Whether two addresses ask the same. */
export const asksSame = (one: UsersSearch, other: UsersSearch): boolean =>
  JSON.stringify(keptOf(one)) === JSON.stringify(keptOf(other));

/** How an order is written in the address. */
export const sortText = (by: SortBy, descending: boolean): string => `${descending ? "-" : ""}${by}`;

/** The order that an address asks for, if it does. */
export function sortOf(text: string | undefined): { by: SortBy; descending: boolean } | undefined {
  const by = oneOf(sorts, text?.replace(/^-/, ""));
  return by && { by, descending: text?.startsWith("-") ?? false };
}

/** Days as they stand in the address; of a span, as it is today. */
export function daysOf(text: string | undefined): Days | undefined {
  const span = spanOf(text);
  if (span) {
    const day = new Date();
    day.setDate(day.getDate() - begins[span]);
    return { from: dayOf(day.getTime()), to: undefined };
  }
  const [from = "", to = "", ...more] = text?.split("..") ?? [];
  if (text === undefined || !text.includes("..") || more.length > 0) return undefined;
  if ((from !== "" && !isDay(from)) || (to !== "" && !isDay(to)) || from + to === "") return undefined;
  return { from: from || undefined, to: to || undefined };
}

/** How days are written in the address; absent if any day will do. */
export const daysText = ({ from = "", to = "" }: Days): string | undefined =>
  from + to === "" ? undefined : `${from}..${to}`;

/** Whether a text is a day of the calendar, as `2026-03-31`. */
export function isDay(text: string): boolean {
  const begin = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00`) : undefined;
  return begin !== undefined && dayOf(begin.getTime()) === text;
}

/** The day of a moment, in the machine's zone. */
export function dayOf(at: number): string {
  const day = new Date(at);
  if (Number.isNaN(at)) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  return `${String(day.getFullYear()).padStart(4, "0")}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The beginning of a day, or of one so many days later. */
function beginOf(day: string, later = 0): number {
  const begin = new Date(`${day}T00:00`);
  begin.setDate(begin.getDate() + later);
  return begin.getTime();
}

const rangeOf = (days: Days | undefined): TimeRange => ({
  from: days?.from === undefined ? null : beginOf(days.from),
  until: days?.to === undefined ? null : beginOf(days.to, 1),
});

const daysIn = ({ from, until }: TimeRange): Days => ({
  from: typeof from === "number" ? dayOf(from) : undefined,
  to: typeof until === "number" ? dayOf(until - 1) : undefined,
});
