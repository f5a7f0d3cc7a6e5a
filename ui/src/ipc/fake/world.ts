// Everything the backend in memory knows, and how it tells the window that something changed.
import type {
  About,
  Connection,
  ErrorView,
  ImportPreview,
  Job,
  LoginAttempt,
  Merge,
  MetadataEdit,
  RefusedPerson,
  RejectedEdit,
  SandboxApp,
  SavedView,
  Startup,
  Status,
  UserDetail,
  UserQuery,
} from "../bindings";
import type { Answer } from "../contract";
import { makePeople } from "./people";
import { seedApps, seedConnections } from "./seeds";

/** What a story begins with. */
export interface Beginning {
  /** How many people there are. */
  people?: number;
  /** Whether there are connections. */
  connections?: boolean;
  /** Milliseconds between two things that happen by themselves; absent means they happen only when told. */
  pace?: number;
}

/** The state. Everything in it is replaced, never changed in place, as a window sees copies as well. */
export interface World {
  pace: number | undefined;
  startup: Startup;
  about: About;
  status: Status;
  apps: SandboxApp[];
  connections: Connection[];
  secrets: Map<string, string>;
  /** Newest first. */
  people: UserDetail[];
  /** Newest first. */
  attempts: LoginAttempt[];
  /** Edits in the order of typing. */
  outbox: MetadataEdit[];
  /** Oldest first. */
  rejected: RejectedEdit[];
  /** Latest first. */
  refused: RefusedPerson[];
  /** Newest first, with the user who stayed and the one who went as they were. */
  merges: { merge: Merge; before: [UserDetail, UserDetail] }[];
  views: SavedView[];
  /** Oldest first. */
  jobs: Job[];
  /** The name that the dialog for saving answers; absent if it is closed. */
  file: string | null;
  /** What the file that is chosen for an import would do; absent if none is chosen. */
  preview: ImportPreview | null;
  /** What was asked to be exported. */
  exported: UserQuery[];
  copied: string[];
  opened: string[];
}

const minute = 60_000;

/** A fresh world. */
export function createWorld({ people = 300, connections = true, pace }: Beginning = {}): World {
  const now = Date.now();
  const seeded = connections ? seedConnections(now) : [];
  const crowd = makePeople(seeded.length > 0 ? people : 0, seeded, now);
  return {
    pace,
    startup: { type: "ready", kept_aside: [] },
    about: {
      version: "0.1.0",
      data_dir: "~/.local/share/yaopai",
      server_url: "http://127.0.0.1:40817",
      embedded: true,
      sandbox_url: "http://127.0.0.1:40818",
      wechat: "sandbox",
    },
    status: {
      link: { type: "connected" },
      server: {
        version: "0.1.0",
        pool_name: "default",
        public_url: "http://127.0.0.1:40817/",
        wechat: { type: "sandbox", url: "http://127.0.0.1:40818/" },
        role: "admin",
      },
      waiting: 0,
      conflicts: 0,
      rejected: 0,
      last_sync: now - minute / 2,
      loaded: true,
      users: crowd.length,
      loading: null,
      access_lost: null,
      trouble: null,
    },
    apps: seedApps,
    connections: seeded,
    secrets: new Map(),
    people: crowd,
    attempts: [],
    outbox: [],
    rejected: [],
    refused: [],
    merges: [],
    views: [],
    jobs: [],
    file: "users",
    preview: null,
    exported: [],
    copied: [],
    opened: [],
  };
}

/** The world of this page. */
export const here: { world: World } = { world: createWorld() };

type Listeners = {
  connections: Set<() => void>;
  jobs: Set<() => void>;
  status: Set<(status: Status) => void>;
  users: Set<() => void>;
};

/** Who listens. */
export const listeners: Listeners = {
  connections: new Set(),
  jobs: new Set(),
  status: new Set(),
  users: new Set(),
};

/** Begins to listen. */
export async function listen<T>(to: Set<T>, hear: T): Promise<() => void> {
  to.add(hear);
  return () => {
    to.delete(hear);
  };
}

/** Tells everybody the status as it follows from the world. */
export function tellStatus(change: Partial<Status> = {}): void {
  const { world } = here;
  world.status = {
    ...world.status,
    ...change,
    users: world.people.length,
    waiting: world.outbox.length,
    conflicts: world.people.reduce((sum, user) => sum + user.conflicts.length, 0),
    rejected: world.rejected.length,
  };
  for (const hear of listeners.status) hear(world.status);
}

/** Tells everybody that people changed. */
export function tellUsers(): void {
  tellStatus();
  for (const hear of listeners.users) hear();
}

/** Runs something later, if things happen by themselves here. */
export function later(steps: number, run: () => void): void {
  const { world } = here;
  if (world.pace !== undefined) setTimeout(() => world === here.world && run(), world.pace * steps);
}

/** A good answer. The window gets a copy, as over IPC. */
export const ok = <T>(data: T): Answer<T> => ({ status: "ok", data: structuredClone(data) });

/** A bad answer. */
export const refuse = (error: ErrorView): { status: "error"; error: ErrorView } => ({
  status: "error",
  error,
});

/** Why nothing that needs the backend works, if so. */
export function unreachable(): { status: "error"; error: ErrorView } | null {
  const { link } = here.world.status;
  return link.type === "offline" ? refuse({ type: "backend_unreachable", host: link.host }) : null;
}

/** Replaces one person. */
export function changePerson(id: string, change: (user: UserDetail) => UserDetail): UserDetail | undefined {
  const { world } = here;
  world.people = world.people.map((user) => (user.id === id ? change(user) : user));
  return world.people.find((user) => user.id === id);
}
