// To whom an identity belongs: people refused and let in, bindings taken away, two users merged and parted again.
import type {
  MergeDifference,
  MergeRequest,
  MergeUser,
  MergeView,
  Profile,
  RefusedPerson,
  Side,
  UserDetail,
} from "../bindings";
import type { Commands } from "../contract";
import { changePerson, here, ok, refuse, tellUsers, unreachable } from "./world";

type BelongingCommands = Pick<
  Commands,
  | "admitRefused"
  | "dismissRefused"
  | "merge"
  | "merges"
  | "previewMerge"
  | "refusedPeople"
  | "unbind"
  | "undoMerge"
>;

const fields = ["nickname", "avatar_url", "name", "phone", "email", "username"] as const;

const find = (id: string) => here.world.people.find((user) => user.id === id);
const notFound = () => refuse({ type: "not_found" });
const refusal = (status: number, code: "forbidden" | "last_way_in" | "merge_stands") =>
  refuse({ type: "backend", problem: { status, code, detail: code } });

const is = (appId: string, openId: string) => (person: RefusedPerson) =>
  person.app_id === appId && person.open_id === openId;

/** Somebody was refused. */
export function addRefused(given: Partial<RefusedPerson> = {}): RefusedPerson {
  const { world } = here;
  const now = Date.now();
  const connection = world.connections.find((one) => one.login_only);
  const nth = world.refused.length + 1;
  const person: RefusedPerson = {
    app_id: connection?.app_id ?? "wxb41c7720e98fd36a",
    open_id: `oGZUrefused${String(nth).padStart(17, "0")}`,
    connection_id: connection?.id ?? null,
    union_id: null,
    nickname: null,
    avatar_url: null,
    refusal: "login_only",
    holders: [],
    first_seen: now - 3 * 86_400_000,
    last_seen: now - nth * 600_000,
    times: 1,
    ...given,
  };
  world.refused = [...world.refused, person];
  return person;
}

function bound(person: RefusedPerson): UserDetail["bindings"][number] {
  const connection = here.world.connections.find((one) => one.id === person.connection_id);
  return {
    id: `b-${person.open_id}`,
    kind: connection?.kind ?? "wechat:pc",
    connection: connection?.display_name ?? null,
    app_id: person.app_id,
    open_id: person.open_id,
    union_id: person.union_id,
    first_seen: person.first_seen,
    last_seen: person.last_seen,
  };
}

function newcomer(person: RefusedPerson): UserDetail {
  const now = Date.now();
  return {
    id: `u-${person.open_id}`,
    name: person.nickname,
    status: "active",
    profile: person.nickname ? { nickname: { value: person.nickname, source: "we_chat" } } : {},
    created_at: now,
    updated_at: now,
    bindings: [bound(person)],
    metadata: [],
    conflicts: [],
  };
}

const mergeUser = (user: UserDetail): MergeUser => ({
  id: user.id,
  name: user.name,
  avatar_url: user.profile.avatar_url?.value ?? null,
  status: user.status,
  created_at: user.created_at,
  bindings: user.bindings,
});

const valueOf = (user: UserDetail, field: string): string | null =>
  field === "status"
    ? user.status
    : field.startsWith("metadata.")
      ? (user.metadata.find(({ key }) => `metadata.${key}` === field)?.json ?? null)
      : (user.profile[field as keyof Profile]?.value ?? null);

/** What two users become, with the rules of crates/domain in short. */
function merged(kept: UserDetail, removed: UserDetail, request: MergeRequest) {
  const keys = [...kept.metadata, ...removed.metadata].map(({ key }) => `metadata.${key}`);
  const differences = [...new Set([...fields, "status", ...keys])]
    .map((field): MergeDifference => {
      const [mine, theirs] = [valueOf(kept, field), valueOf(removed, field)];
      const usual: Side =
        field === "status"
          ? removed.status === "blocked"
            ? "removed"
            : "kept"
          : mine === null && theirs !== null
            ? "removed"
            : "kept";
      return { field, kept: mine, removed: theirs, taken: request.choices?.[field] ?? usual };
    })
    .filter((one) => one.kept !== one.removed);
  const from = (field: string) =>
    differences.some((one) => one.field === field && one.taken === "removed") ? removed : kept;
  const profile: Profile = Object.fromEntries(
    fields.flatMap((field) => {
      const value = from(field).profile[field];
      return value ? [[field, value]] : [];
    }),
  );
  const metadata = [...new Set(keys)].flatMap((field) =>
    from(field).metadata.filter(({ key }) => `metadata.${key}` === field),
  );
  const result: UserDetail = {
    ...kept,
    name: profile.nickname?.value ?? profile.name?.value ?? null,
    status: from("status").status,
    profile,
    metadata,
    bindings: [...kept.bindings, ...removed.bindings],
    updated_at: Date.now(),
  };
  return { result, differences };
}

export const belongingCommands: BelongingCommands = {
  refusedPeople: async ({ search = "", connection, last_seen = {}, after, limit = 50 }) => {
    const wanted = search.trim().toLowerCase();
    // The replica of a viewer does not hold them.
    const known = here.world.status.server?.role === "viewer" ? [] : here.world.refused;
    const found = known.filter(
      (person) =>
        [person.nickname, person.open_id, person.union_id].some((text) =>
          (text ?? "").toLowerCase().includes(wanted),
        ) &&
        (!connection || person.connection_id === connection) &&
        person.last_seen >= (last_seen.from ?? 0) &&
        person.last_seen < (last_seen.until ?? Infinity),
    );
    const from = Number(after ?? 0);
    const next = from + limit;
    return ok({
      refused: found.slice(from, next),
      after: next < found.length ? String(next) : null,
      total: found.length,
    });
  },
  admitRefused: async (appId, openId, user) => {
    const offline = unreachable();
    if (offline) return offline;
    const { world } = here;
    const person = world.refused.find(is(appId, openId));
    if (!person) return notFound();
    if (user !== null && !find(user))
      return refuse({ type: "invalid_fields", fields: [{ field: "user_id", rule: "user_unknown" }] });
    const id = user ?? `u-${openId}`;
    if (user === null) world.people = [newcomer(person), ...world.people];
    else changePerson(user, (before) => ({ ...before, bindings: [...before.bindings, bound(person)] }));
    world.refused = world.refused.filter((one) => one !== person);
    tellUsers();
    return ok(id);
  },
  dismissRefused: async (appId, openId) => {
    const offline = unreachable();
    if (offline) return offline;
    here.world.refused = here.world.refused.filter((one) => !is(appId, openId)(one));
    return ok(null);
  },
  unbind: async (user, identity, force) => {
    const offline = unreachable();
    if (offline) return offline;
    const bindings = find(user)?.bindings ?? [];
    if (!bindings.some((one) => one.id === identity)) return notFound();
    if (force && here.world.status.server?.role !== "admin") return refusal(403, "forbidden");
    if (bindings.length === 1 && !force) return refusal(409, "last_way_in");
    changePerson(user, (before) => ({
      ...before,
      bindings: before.bindings.filter((one) => one.id !== identity),
    }));
    tellUsers();
    return ok(null);
  },
  previewMerge: async (request) => {
    const offline = unreachable();
    if (offline) return offline;
    const [kept, removed] = [find(request.kept), find(request.removed)];
    if (!kept || !removed) return notFound();
    const { result, differences } = merged(kept, removed, request);
    const view: MergeView = {
      kept: mergeUser(kept),
      removed: mergeUser(removed),
      result: mergeUser(result),
      differences,
    };
    return ok(view);
  },
  merge: async (request) => {
    const offline = unreachable();
    if (offline) return offline;
    const { world } = here;
    const [kept, removed] = [find(request.kept), find(request.removed)];
    if (!kept || !removed) return notFound();
    const { result } = merged(kept, removed, request);
    const merge = {
      id: `m-${world.merges.length + 1}`,
      kept: kept.id,
      removed: removed.id,
      actor: "wanli@ops",
      at: Date.now(),
      undone_at: null,
    };
    world.merges = [{ merge, before: [kept, removed] }, ...world.merges];
    world.people = world.people.filter((user) => user.id !== removed.id);
    changePerson(kept.id, () => result);
    world.refused = world.refused.filter(({ holders }) => !holders.includes(removed.id));
    tellUsers();
    return ok(merge);
  },
  merges: async () => unreachable() ?? ok(here.world.merges.map(({ merge }) => merge)),
  undoMerge: async (id) => {
    const offline = unreachable();
    if (offline) return offline;
    const { world } = here;
    const done = world.merges.find(({ merge }) => merge.id === id);
    if (!done) return notFound();
    if (done.merge.undone_at !== null) return refusal(409, "merge_stands");
    const merge = { ...done.merge, undone_at: Date.now() };
    world.merges = world.merges.map((one) => (one === done ? { ...one, merge } : one));
    const [kept, removed] = done.before;
    changePerson(kept.id, () => kept);
    world.people = [removed, ...world.people];
    tellUsers();
    return ok({ merge, left: [], bindings_left: 0 });
  },
};
