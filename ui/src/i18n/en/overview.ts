// Overview: figures, the first steps, what happened lately.
import type { Purpose } from "../../ipc/bindings";

export const overview = {
  title: "Overview",
  purpose: "How this pool stands, and who tried to log in lately.",
  figures: {
    label: "Figures",
    users: "Users",
    soFar: "loaded so far",
    notLoaded: "not loaded yet",
    connections: "Connections",
    enabled: "{{count}} enabled",
    waiting: "Not yet synced",
    waitingHelp: "stored here, being sent",
    waitingOffline: "stored here until the backend answers",
    waitingNone: "the backend has every edit",
    sync: "Last sync",
  },
  steps: {
    title: "First steps",
    done: "Done",
    next: "Next",
    connection: { title: "Create a connection", text: "Join an app you registered at WeChat to this pool." },
    test: { title: "Test the login", text: "Draw its QR code, scan it, and see every step." },
    person: { title: "Find the person", text: "Whoever scanned is in the list of users." },
    edit: {
      title: "Edit their metadata",
      text: "The edit is stored here at once and synced to the backend.",
    },
  },
  attempts: {
    title: "Latest attempts",
    empty: "Nobody has tried to log in yet.",
    connection: "Connection",
    result: "Result",
    purpose: "Purpose",
    when: "When",
    dryRun: "dry run",
    deletedConnection: "deleted connection",
    unknownConnection: "unknown",
    purposes: { test: "Test", login: "Login" } satisfies Record<Purpose, string>,
  },
};
