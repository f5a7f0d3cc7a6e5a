// Shows the pages once everything runs, and says why if it does not.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { errorView } from "@/ipc/call";
import { startupQuery } from "@/ipc/queries";

import { StartupFailure } from "./StartupFailure";

export function StartupGate({ children }: { children: ReactNode }) {
  const { data: startup, error } = useQuery(startupQuery);
  if (error) {
    return <StartupFailure problem="embedded_server" subject="" detail={JSON.stringify(errorView(error))} />;
  }
  if (!startup) return null;
  if (startup.type === "failed") {
    return <StartupFailure problem={startup.problem} subject={startup.subject} detail={startup.detail} />;
  }
  return children;
}
