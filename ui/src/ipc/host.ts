// The window this interface runs in. In a browser and in tests `ipc/fake/host.ts` takes its place, see vite.config.ts.
import { Channel } from "@tauri-apps/api/core";
import { getCurrentWindow } from "@tauri-apps/api/window";

import { commands as generated, events as generatedEvents, type LoginAttempt } from "./bindings";
import type { Commands, Events, SetWindowTheme, SetWindowTitle } from "./contract";

/** The commands of the window. */
export const commands: Commands = {
  ...generated,
  startTestLogin: (id, dryRun, hear) => generated.startTestLogin(id, dryRun, new Channel<LoginAttempt>(hear)),
};

/** The events of the window. */
export const events: Events = {
  connectionsChanged: (hear) => generatedEvents.connectionsChanged.listen((event) => hear(event.payload)),
  jobsChanged: (hear) => generatedEvents.jobsChanged.listen((event) => hear(event.payload)),
  statusChanged: (hear) => generatedEvents.statusChanged.listen((event) => hear(event.payload)),
  usersChanged: (hear) => generatedEvents.usersChanged.listen((event) => hear(event.payload)),
};

/** Names the window after the page. */
export const setWindowTitle: SetWindowTitle = (title) => getCurrentWindow().setTitle(title);

/** Paints the window's own frame light or dark; `null` follows the system. */
export const setWindowTheme: SetWindowTheme = (scheme) => getCurrentWindow().setTheme(scheme);
