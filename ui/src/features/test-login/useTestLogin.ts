// Runs test logins of one connection: draws a code, follows it, withdraws it when nobody looks any more.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef } from "react";

import type { ConnectionId } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

import { isFinal, notStarted, testLogin, type TestLogin } from "./attemptState";

/** Starts at once; `restart` withdraws the code and draws another. */
export function useTestLogin(id: ConnectionId, dryRun: boolean): TestLogin & { restart: () => void } {
  const [state, tell] = useReducer(testLogin, notStarted);
  const client = useQueryClient();
  const runs = useRef(0);
  const open = useRef<string | null>(null);

  const withdraw = useCallback(() => {
    // An attempt that cannot be withdrawn expires by itself.
    if (open.current) commands.cancelTestLogin(open.current).catch(() => {});
    open.current = null;
  }, []);

  const begin = useCallback(() => {
    withdraw();
    const run = ++runs.current;
    tell({ type: "begin", run });
    call(commands.startTestLogin(id, dryRun, (attempt) => tell({ type: "changed", run, attempt }))).then(
      (view) => {
        if (run === runs.current) {
          open.current = view.attempt.id;
          tell({ type: "started", run, view });
        } else {
          commands.cancelTestLogin(view.attempt.id).catch(() => {});
        }
      },
      (error: unknown) => tell({ type: "failed", run, error }),
    );
  }, [id, dryRun, withdraw]);

  useEffect(() => {
    begin();
    return () => {
      runs.current += 1;
      withdraw();
    };
  }, [begin, withdraw]);

  const final = state.attempt ? isFinal(state.attempt.state) : false;
  useEffect(() => {
    if (!final) return;
    open.current = null;
    client.invalidateQueries({ queryKey: ["attempts"] });
    client.invalidateQueries({ queryKey: ["refused"] });
  }, [final, client]);

  return { ...state, restart: begin };
}
