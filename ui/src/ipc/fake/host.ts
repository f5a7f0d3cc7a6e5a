// The backend in memory, in the place of the window's host: for the browser and for tests, never in the window.
import type { Commands, Events, SetWindowTheme, SetWindowTitle } from "../contract";
import { belongingCommands } from "./belonging";
import { connectionCommands } from "./connections";
import { fake } from "./control";
import { jobCommands, resumeLoad } from "./jobs";
import { metadataCommands, pushOutbox } from "./metadata";
import { tellStory } from "./story";
import { testLoginCommands } from "./testLogin";
import { userCommands } from "./users";
import { viewCommands } from "./views";
import { here, listen, listeners, ok, unreachable } from "./world";

/** The commands, answered from memory. */
export const commands: Commands = {
  ...belongingCommands,
  ...connectionCommands,
  ...jobCommands,
  ...metadataCommands,
  ...testLoginCommands,
  ...userCommands,
  ...viewCommands,
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
    resumeLoad();
    return ok(null);
  },
};

/** The events, told by the story. */
export const events: Events = {
  connectionsChanged: (hear) => listen(listeners.connections, () => hear(null)),
  jobsChanged: (hear) => listen(listeners.jobs, () => hear(null)),
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
if (import.meta.env.MODE === "fake") tellStory(new URLSearchParams(location.search));
