// Finding people: the list by pages in any order, and one person.
import type { SortBy, TimeRange, UserDetail, UserFilter, UserQuery, UserRow, UserSort } from "../bindings";
import type { Commands } from "../contract";
import { rowOf } from "./people";
import { here, ok, refuse } from "./world";

type Key = string | number | null;
type FoundRow = { user: UserDetail; row: UserRow; rank: number };

const texts = (user: UserDetail): string[] =>
  [user.id, user.name, ...Object.values(user.profile).map((field) => field?.value)]
    .concat(user.bindings.flatMap((binding) => [binding.open_id, binding.union_id]))
    .concat(user.metadata.flatMap(({ key, json }) => [key, `${key}=${json?.replaceAll('"', "")}`]))
    .flatMap((text) => (text ? [text.toLowerCase()] : []));

/** How well somebody fits a search, best first; nothing if they do not. */
function rankOf(user: UserDetail, search: string): number | null {
  if (search === "") return 0;
  const ranks = texts(user).flatMap((text) =>
    text === search ? [0] : text.startsWith(search) ? [1] : text.includes(search) ? [2] : [],
  );
  return ranks.length > 0 ? Math.min(...ranks) : null;
}

const within = (at: number | null, { from, until }: TimeRange = {}): boolean =>
  typeof from !== "number" && typeof until !== "number"
    ? true
    : at !== null && at >= (from ?? -Infinity) && at < (until ?? Infinity);

function passes({ user, row }: FoundRow, filter: UserFilter): boolean {
  const { world } = here;
  const connection = world.connections.find(({ id }) => id === filter.connection);
  return (
    (!filter.connection || user.bindings.some(({ app_id }) => app_id === connection?.app_id)) &&
    (typeof filter.union_id !== "boolean" ||
      user.bindings.some(({ union_id }) => union_id !== null) === filter.union_id) &&
    (!filter.status || user.status === filter.status) &&
    within(user.created_at, filter.created) &&
    within(row.last_seen, filter.last_seen) &&
    (!filter.sync || (filter.sync === "conflict" ? row.sync === "conflict" : row.sync !== "synced"))
  );
}

const keys: Record<SortBy, (found: FoundRow) => Key> = {
  relevance: ({ rank }) => rank,
  created: ({ user }) => user.created_at,
  last_seen: ({ row }) => row.last_seen,
  name: ({ row }) => row.name,
  phone: ({ row }) => row.phone,
  wechat_id: ({ row }) => row.wechat_id,
  status: ({ row }) => row.status,
  updated: ({ user }) => user.updated_at,
  bindings: ({ row }) => row.bindings.length,
  sync: ({ row }) => (["conflict", "rejected", "pending", "synced"] as const).indexOf(row.sync),
};

function order({ by, descending = false }: UserSort, searching: boolean) {
  const chosen = by ?? (searching ? "relevance" : "created");
  const down = by ? descending : chosen === "created";
  const collator = new Intl.Collator("zh-CN");
  return (a: FoundRow, b: FoundRow): number => {
    const [left, right] = [keys[chosen](a), keys[chosen](b)];
    // Who does not have what is sorted by comes last in both directions.
    if (left === null || right === null) return left === right ? newest(a, b) : left === null ? 1 : -1;
    const way = typeof left === "number" ? left - Number(right) : collator.compare(left, String(right));
    return (down ? -way : way) || newest(a, b);
  };
}

const newest = (a: FoundRow, b: FoundRow): number =>
  b.user.created_at - a.user.created_at || (a.user.id < b.user.id ? 1 : -1);

let last: { people: unknown; question: string; found: FoundRow[] } | undefined;

/** Everybody whom a query means, in its order. */
export function foundBy({ search, filter, sort }: UserQuery): FoundRow[] {
  const { people } = here.world;
  const question = JSON.stringify([search, filter, sort]);
  if (last?.people === people && last.question === question) return last.found;
  const wanted = search.trim().toLowerCase();
  const found = people
    .flatMap((user) => {
      const rank = rankOf(user, wanted);
      return rank === null ? [] : [{ user, row: rowOf(user), rank }];
    })
    .filter((one) => passes(one, filter))
    .toSorted(order(sort, wanted !== ""));
  last = { people, question, found };
  return found;
}

function page(found: FoundRow[], begin: number, limit: number) {
  const rows = found.slice(begin, begin + limit);
  const end = begin + rows.length;
  return ok({
    rows: rows.map(({ row }) => row),
    next: end < found.length ? (rows.at(-1)?.row.id ?? null) : null,
    total: found.length,
  });
}

export const userCommands: Pick<Commands, "users" | "usersAt" | "user"> = {
  users: async (query) => {
    const found = foundBy(query);
    const begin = query.after === null ? 0 : found.findIndex(({ row }) => row.id === query.after) + 1;
    return page(found, begin, query.limit);
  },
  usersAt: async (query, position) => page(foundBy(query), position, query.limit),
  user: async (id) => {
    const user = here.world.people.find((one) => one.id === id);
    return user ? ok(user) : refuse({ type: "not_found" });
  },
};
