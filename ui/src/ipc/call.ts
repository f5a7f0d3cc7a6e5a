// Turns the answers of commands into values and errors, as React Query and forms expect them.
import type { ErrorView } from "./bindings";
import type { Answer } from "./contract";

/** A command refused; `view` says how, in the shape that the window shows. */
export class HostError extends Error {
  readonly view: ErrorView;

  constructor(view: ErrorView) {
    super(view.type);
    this.name = "HostError";
    this.view = view;
  }
}

/** Waits for an answer and takes its value, or throws a `HostError`. */
export async function call<T>(answer: Promise<Answer<T>>): Promise<T> {
  const settled = await answer;
  if (settled.status === "error") throw new HostError(settled.error);
  return settled.data;
}

/** The error as the window shows it; a defect of ours becomes a desktop error with its text. */
export function errorView(error: unknown): ErrorView {
  if (error instanceof HostError) return error.view;
  return { type: "desktop", detail: error instanceof Error ? error.message : String(error) };
}
