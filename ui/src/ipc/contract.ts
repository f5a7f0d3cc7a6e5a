// What a host of this interface offers, the same for the window and for the backend in memory.
import type { commands, events, LoginAttempt, TestLoginView, ErrorView, ConnectionId } from "./bindings";

/** How every command answers that can fail. */
export type Answer<T> = { status: "ok"; data: T } | { status: "error"; error: ErrorView };

/** The commands of the window. Starting a test login takes a plain function instead of a channel. */
export type Commands = Omit<typeof commands, "startTestLogin"> & {
  startTestLogin: (
    id: ConnectionId,
    dryRun: boolean,
    hear: (attempt: LoginAttempt) => void,
  ) => Promise<Answer<TestLoginView>>;
};

type Payload<E> = E extends { listen: (hear: (event: { payload: infer P }) => void) => unknown } ? P : never;

/** Each event as a function that begins to listen and answers how to stop. */
export type Events = {
  [Name in keyof typeof events]: (
    hear: (payload: Payload<(typeof events)[Name]>) => void,
  ) => Promise<() => void>;
};

/** Names the window after the page. */
export type SetWindowTitle = (title: string) => Promise<void>;

/** Paints the window's own frame light or dark; `null` follows the system. */
export type SetWindowTheme = (theme: "light" | "dark" | null) => Promise<void>;
