// The backend in memory, in the place of the window's host: for the browser and for tests, never in the window.
import type { Commands, Events, SetWindowTheme, SetWindowTitle } from "../contract";
import { belongingCommands } from "./belonging";
import { connectionCommands } from "./connections";
import { fake } from "./control";
import { metadataCommands, pushOutbox } from "./metadata";
import { testLoginCommands } from "./testLogin";
import { userCommands } from "./users";
import { here, listen, listeners, ok, unreachable } from "./world";

/** The commands, answered from memory. */
export const commands: Commands = {
  ...belongingCommands,
  ...connectionCommands,
  ...metadataCommands,
  ...testLoginCommands,
  ...userCommands,
  about: async () => structuredClone(here.world.about),
  chooseWechat: async (wechat) => {
    here.world.about = { ...here.world.about, wechat };
    return ok(null);
  },
  copyText: async (text) => {
    here.world.copied.push(text);
    return ok(null);
  },
  openLink: async (url) => {
    here.world.opened.push(url);
    return ok(null);
  },
  restart: async () => location.reload(),
  sandboxApps: async () => structuredClone(here.world.apps),
  startup: async () => structuredClone(here.world.startup),
  status: async () => ok(here.world.status),
  syncNow: async () => {
    const offline = unreachable();
    if (offline) return offline;
    pushOutbox();
    return ok(null);
  },
};

/** The events, told by the story. */
export const events: Events = {
  connectionsChanged: (hear) => listen(listeners.connections, () => hear(null)),
  statusChanged: (hear) => listen(listeners.status, hear),
  usersChanged: (hear) => listen(listeners.users, () => hear(null)),
};

export const setWindowTitle: SetWindowTitle = async () => {};
export const setWindowTheme: SetWindowTheme = async () => {};

declare global {
  interface Window {
    yaopaiFake?: typeof fake;
  }
}

window.yaopaiFake = fake;
// In a browser the story goes by itself and there is something to decide; tests tell it step by step.
if (import.meta.env.MODE === "fake") {
  const empty = new URLSearchParams(location.search).has("empty");
  const world = fake.begin(empty ? { connections: false, pace: 900 } : { pace: 900 });
  fake.addRejected({ user_id: "01f4", key: "last_call", mine: '"2025-11-02"', rejection: "user_gone" });
  const [first, second, third, fourth] = world.people.slice(3);
  fake.addRefused({ nickname: "梅子酒", times: 4 });
  if (third && fourth)
    fake.addRefused({
      nickname: "林间小鹿",
      union_id: "oY7KqR5tW8yB2nM4kJ6hG3fD1s",
      refusal: "two_users",
      holders: [third.id, fourth.id],
      times: 2,
    });
  fake.addRefused();
  if (third)
    fake.addRejected({
      user_id: third.id,
      key: "member_card",
      mine: '{"number": "6222 0210 0111", "level": "gold"}',
      rejection: "too_many_keys",
    });
  if (first)
    fake.addConflict(first.id, {
      key: "member_tier",
      base: '"silver"',
      mine: '"gold"',
      theirs: '"platinum"',
    });
  if (second)
    fake.addConflict(second.id, {
      key: "note",
      base: '"周末方便"',
      mine: '"已回访，周末方便"',
      theirs: null,
    });
}
