import type { ReactNode } from "react";
export function StartupGate({ children }: { children: ReactNode }) {
  return children;
}
