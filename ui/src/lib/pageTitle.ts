// The title of what is shown: window, document and the announcement for screen readers follow it.
import { useEffect, useRef, useSyncExternalStore } from "react";

import { setWindowTitle } from "@/ipc/host";

/** What is open, the uppermost last: a page, and a person beside it. */
const open: { title: string }[] = [];
const followers = new Set<() => void>();

const current = (): string => open.at(-1)?.title ?? "";

function tell(): void {
  if (current() === "") return;
  document.title = `${current()} · Yaopai 腰牌`;
  // A host that refuses keeps its general title, which is no loss worth a word.
  setWindowTitle(document.title).catch(() => {});
  followers.forEach((hear) => hear());
}

const follow = (hear: () => void) => {
  followers.add(hear);
  return () => {
    followers.delete(hear);
  };
};

/** Names what is shown while it is mounted; what opens above it goes first, and gives the title back. */
export function usePageTitle(title: string): void {
  const own = useRef({ title });
  useEffect(() => {
    const entry = own.current;
    open.push(entry);
    return () => {
      open.splice(open.indexOf(entry), 1);
      tell();
    };
  }, []);
  useEffect(() => {
    own.current.title = title;
    tell();
  }, [title]);
}

/** The title as it changes. */
export const useCurrentPageTitle = (): string => useSyncExternalStore(follow, current);
