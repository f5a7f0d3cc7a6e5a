// The strings of the backend in memory, for tests and for the browser's console.
import { addRefused } from "./belonging";
import { addJob, beginFirstLoad, goOn, makePreview } from "./jobs";
import { addConflict, addRejected, pushOutbox } from "./metadata";
import { phone } from "./testLogin";
import {
  createWorld,
  here,
  later,
  listeners,
  tellStatus,
  tellUsers,
  type Beginning,
  type World,
} from "./world";

/** Pulls the strings. */
export const fake = {
  /** The state, to look at or to set before a page opens. */
  get world(): World {
    return here.world;
  },
  /** Begins anew. */
  begin: (beginning: Beginning = {}): World => {
    here.world = createWorld(beginning);
    tellUsers();
    for (const hear of listeners.connections) hear();
    return here.world;
  },
  /** Takes the backend away, or gives it back, whereupon waiting edits go out. */
  offline: (gone: boolean): void => {
    tellStatus({
      link: gone ? { type: "offline", host: "127.0.0.1:40817", since: Date.now() } : { type: "connected" },
    });
    if (!gone) later(1, pushOutbox);
  },
  /** Sends waiting edits now. */
  push: pushOutbox,
  /** The access is taken back, and the data with it. */
  loseAccess: (unsent: number): void => {
    here.world.people = [];
    here.world.outbox = [];
    here.world.refused = [];
    here.world.rejected = [];
    tellStatus({ link: { type: "denied" }, access_lost: { unsent, at: Date.now() } });
    tellUsers();
  },
  addConflict,
  addJob,
  beginFirstLoad,
  goOn,
  makePreview,
  addRefused,
  addRejected,
  phone,
  /** Tells the window that people changed. */
  tellUsers,
};
