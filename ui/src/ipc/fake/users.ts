// Finding people: the list by pages, newest first, and one person.
import type { UserDetail } from "../bindings";
import type { Commands } from "../contract";
import { rowOf } from "./people";
import { here, ok, refuse } from "./world";

const place = (user: UserDetail) => `${String(user.created_at).padStart(16, "0")} ${user.id}`;

function matches(user: UserDetail, search: string): boolean {
  const { profile } = user;
  const texts = [user.id, user.name, ...Object.values(profile).map((field) => field?.value)].concat(
    user.bindings.flatMap((binding) => [binding.open_id, binding.union_id]),
  );
  return texts.some((text) => text?.toLowerCase().includes(search));
}

export const userCommands: Pick<Commands, "users" | "user"> = {
  users: async ({ search, unsynced_only, after, limit }) => {
    const wanted = search.trim().toLowerCase();
    const found = here.world.people
      .filter((user) => wanted === "" || matches(user, wanted))
      .filter((user) => !unsynced_only || rowOf(user).sync !== "synced")
      .toSorted((a, b) => (place(a) < place(b) ? 1 : -1));
    const rest = after === null ? found : found.filter((user) => place(user) < after);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return ok({
      rows: page.map(rowOf),
      next: last && rest.length > page.length ? place(last) : null,
      total: found.length,
    });
  },
  user: async (id) => {
    const user = here.world.people.find((one) => one.id === id);
    return user ? ok(user) : refuse({ type: "not_found" });
  },
};
