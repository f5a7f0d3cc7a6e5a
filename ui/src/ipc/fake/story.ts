// What there is to see in a browser: people, conflicts, refused edits and people, and long work if the address asks for it.
import type { UserDetail } from "../bindings";
import { fake } from "./control";

/** Begins the story. `?empty`, `?people=20000`, `?loading`, `?lost` and `?jobs` change how. */
export function tellStory(asked: URLSearchParams): void {
  const people = Number(asked.get("people") ?? 300);
  const world = fake.begin({ people, connections: !asked.has("empty"), pace: 900 });
  world.preview = fake.makePreview();
  world.views = [
    {
      id: "view-gold",
      name: "金卡会员",
      query: { search: "member_tier=gold", filter: {}, sort: {}, after: null, limit: 0 },
    },
    {
      id: "view-blocked",
      name: "Blocked, by name",
      query: { search: "", filter: { status: "blocked" }, sort: { by: "name" }, after: null, limit: 0 },
    },
  ];
  fake.addRejected({ user_id: "01f4", key: "last_call", mine: '"2025-11-02"', rejection: "user_gone" });
  refusePeople(world.people.slice(5));
  disagree(world.people.slice(3));
  if (asked.has("loading")) fake.beginFirstLoad(1_000_000, true);
  if (asked.has("jobs")) {
    fake.addJob({
      kind: "export",
      total: 1_000_000,
      done: 412_000,
      per_second: 61_300,
      seconds_left: 10,
      file: "~/users.csv",
    });
    fake.addJob({
      kind: "import",
      total: 12_333,
      done: 12_333,
      state: { type: "done" },
      file: "members-2026-03.csv",
    });
  }
  if (asked.has("lost")) fake.loseAccess(3);
}

function refusePeople([one, other]: UserDetail[]): void {
  fake.addRefused({ nickname: "梅子酒", times: 4 });
  if (one && other) {
    fake.addRefused({
      nickname: "林间小鹿",
      union_id: "oY7KqR5tW8yB2nM4kJ6hG3fD1s",
      refusal: "two_users",
      holders: [one.id, other.id],
      times: 2,
    });
  }
  fake.addRefused();
}

function disagree([first, second, third]: UserDetail[]): void {
  if (first) {
    fake.addConflict(first.id, {
      key: "member_tier",
      base: '"silver"',
      mine: '"gold"',
      theirs: '"platinum"',
    });
    fake.addConflict(first.id, {
      key: "",
      field: "nickname",
      base: '"小满"',
      mine: '"小满（VIP）"',
      theirs: '"满满"',
    });
  }
  if (second)
    fake.addConflict(second.id, {
      key: "note",
      base: '"周末方便"',
      mine: '"已回访，周末方便"',
      theirs: null,
    });
  if (third)
    fake.addRejected({
      user_id: third.id,
      key: "member_card",
      mine: '{"number": "6222 0210 0111", "level": "gold"}',
      rejection: "too_many_keys",
    });
}
