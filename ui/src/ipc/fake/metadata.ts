// Edits of metadata: stored at once, sent when the backend answers, and the conflicts that come of it.
import type {
  Conflict,
  FieldError,
  MetadataEdit,
  MetadataItem,
  ProfileField,
  RejectedEdit,
  UserDetail,
} from "../bindings";
import type { Commands } from "../contract";
import { changePerson, here, later, ok, refuse, tellStatus, tellUsers } from "./world";

type MetadataCommands = Pick<
  Commands,
  | "editMetadata"
  | "conflicts"
  | "resolveConflict"
  | "rejectedEdits"
  | "dismissRejected"
  | "dismissAllRejected"
>;

export const metadataCommands: MetadataCommands = {
  editMetadata: async (edit) => {
    const { world } = here;
    const fields = broken(edit);
    if (fields.length > 0) return refuse({ type: "invalid_fields", fields });
    const stored = edit.json === null ? edit : { ...edit, json: JSON.stringify(JSON.parse(edit.json)) };
    const user = changePerson(edit.user_id, (before) => ({
      ...before,
      metadata: withItem(before.metadata, {
        key: edit.key,
        json: stored.json,
        sync: "pending",
        rejection: null,
        actor: null,
        at: Date.now(),
      }),
    }));
    if (!user) return refuse({ type: "not_found" });
    world.outbox = [...world.outbox, stored];
    world.rejected = world.rejected.filter((one) => !sameField(one, edit));
    tellUsers();
    later(2, pushOutbox);
    return ok(user);
  },
  conflicts: async () => ok(here.world.people.flatMap((user) => user.conflicts)),
  resolveConflict: async (id, keep) => {
    const { world } = here;
    const conflict = world.people.flatMap((user) => user.conflicts).find((one) => one.id === id);
    if (!conflict) return refuse({ type: "not_found" });
    const { user_id, key, field, actor } = conflict;
    const theirs = keep === "theirs";
    const json = keep === "mine" ? conflict.mine : theirs ? conflict.theirs : keep.edited.json;
    const fields = theirs || field ? [] : broken({ user_id, key, json });
    if (fields.length > 0) return refuse({ type: "invalid_fields", fields });
    changePerson(user_id, (user) => ({
      ...user,
      conflicts: user.conflicts.filter((one) => one.id !== id),
      ...(field
        ? withField(user, field, json)
        : {
            metadata: withItem(user.metadata, {
              key,
              json,
              sync: theirs ? "synced" : "pending",
              rejection: null,
              actor: theirs ? actor : null,
              at: Date.now(),
            }),
          }),
    }));
    if (!theirs) world.outbox = [...world.outbox, { user_id, key: field ?? key, json }];
    tellUsers();
    later(2, pushOutbox);
    return ok(null);
  },
  rejectedEdits: async (after, limit) => {
    const { rejected, people } = here.world;
    const from = Number(after ?? 0);
    const edits = structuredClone(rejected.slice(from, from + limit));
    for (const edit of edits) edit.user_name = people.find((user) => user.id === edit.user_id)?.name ?? null;
    return ok({ edits, after: rejected.length > from + limit ? String(from + limit) : null });
  },
  dismissRejected: async (id) => {
    const edit = here.world.rejected.find((one) => one.id === id);
    if (!edit) return refuse({ type: "not_found" });
    putAway(edit);
    tellUsers();
    return ok(null);
  },
  dismissAllRejected: async () => {
    here.world.rejected.forEach(putAway);
    tellUsers();
    return ok(null);
  },
};

function putAway(edit: RejectedEdit): void {
  const { world } = here;
  world.rejected = world.rejected.filter((one) => one !== edit);
  changePerson(edit.user_id, (user) => ({
    ...user,
    metadata: user.metadata.filter((item) => item.key !== edit.key || item.sync !== "rejected"),
  }));
}

const sameField = (a: { user_id: string; key: string }, b: { user_id: string; key: string }) =>
  a.user_id === b.user_id && a.key === b.key;

/** The backend takes every waiting edit, if it is there. A key named `sealed` is one it refuses. */
export function pushOutbox(): void {
  const { world } = here;
  if (world.status.link.type !== "connected" || world.outbox.length === 0) return;
  for (const { user_id, key, json } of world.outbox) {
    if (key === "sealed") addRejected({ user_id, key, mine: json, rejection: "forbidden" });
    changePerson(user_id, (user) => ({
      ...user,
      metadata: user.metadata.flatMap((item) => {
        if (item.key !== key || item.sync !== "pending") return [item];
        if (key === "sealed")
          return [{ ...item, sync: "rejected" as const, rejection: "forbidden" as const }];
        return json === null ? [] : [{ ...item, json, sync: "synced" as const, actor: "admin" }];
      }),
    }));
  }
  world.outbox = [];
  tellStatus({ last_sync: Date.now() });
  tellUsers();
}

/** The backend refused an edit for good. */
export function addRejected(given: Pick<RejectedEdit, "user_id" | "key" | "mine" | "rejection">): void {
  const { world } = here;
  world.rejected = [
    ...world.rejected,
    { ...given, id: `rejected-${given.user_id}-${given.key}`, user_name: null, at: Date.now() - 60_000 },
  ];
  tellStatus();
}

type Given = Pick<Conflict, "key" | "base" | "mine" | "theirs"> & Partial<Pick<Conflict, "field">>;

/** Somebody else changed the same key, or the same field. */
export function addConflict(userId: string, given: Given): void {
  changePerson(userId, (user) => ({
    ...user,
    conflicts: [
      ...user.conflicts,
      {
        field: null,
        ...given,
        id: `conflict-${user.id}-${given.field ?? given.key}`,
        user_id: user.id,
        user_name: user.name,
        actor: "wanli@ops",
        at: Date.now() - 420_000,
        mine_at: Date.now() - 1_500_000,
      },
    ],
    metadata: given.field
      ? user.metadata
      : withItem(user.metadata, {
          key: given.key,
          json: given.mine,
          sync: "conflict",
          rejection: null,
          actor: null,
          at: Date.now() - 600_000,
        }),
  }));
  tellUsers();
}

function withField(user: UserDetail, field: ProfileField, json: string | null): Partial<UserDetail> {
  const value = json === null ? null : String(JSON.parse(json));
  const profile = {
    ...user.profile,
    [field]: value === null ? null : { value, source: "operator" as const },
  };
  return { profile, name: profile.name?.value ?? profile.nickname?.value ?? null };
}

function withItem(items: readonly MetadataItem[], item: MetadataItem): MetadataItem[] {
  return [...items.filter(({ key }) => key !== item.key), item].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function broken({ key, json }: MetadataEdit): FieldError[] {
  const fields: FieldError[] = [];
  if (key === "") fields.push({ field: "key", rule: "required" });
  else if (key.length > 64) fields.push({ field: "key", rule: "metadata_key_length" });
  else if (key !== key.trim()) fields.push({ field: "key", rule: "metadata_key_characters" });
  if (json === null) return fields;
  let rounded = false;
  try {
    JSON.parse(json, (_name, value: unknown) => {
      if (typeof value === "number" && Math.abs(value) >= 2 ** 64) rounded = true;
      return value;
    });
    if (rounded) fields.push({ field: "value", rule: "metadata_value_number" });
    else if (json.length > 8192) fields.push({ field: "value", rule: "metadata_value_size" });
  } catch {
    fields.push({ field: "value", rule: "metadata_value_json" });
  }
  return fields;
}
