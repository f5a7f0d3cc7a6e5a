// The title of the page that is shown: window, document and the announcement for screen readers follow it.
import { useEffect, useSyncExternalStore } from "react";

import { setWindowTitle } from "@/ipc/host";

let title = "";
const followers = new Set<() => void>();

const follow = (tell: () => void) => {
  followers.add(tell);
  return () => {
    followers.delete(tell);
  };
};

/** Names the page. */
export function usePageTitle(next: string): void {
  useEffect(() => {
    title = next;
    document.title = `${next} · Yaopai 腰牌`;
    // A host that refuses keeps its general title, which is no loss worth a word.
    setWindowTitle(document.title).catch(() => {});
    followers.forEach((tell) => tell());
  }, [next]);
}

/** The page's title as it changes. */
export const useCurrentPageTitle = (): string => useSyncExternalStore(follow, () => title);
