// Copying through the host, with a moment in which it shows as done.
import { useEffect, useRef, useState } from "react";

import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

const shownFor = 1400;

/** `copy` puts text on the clipboard; `copied` is true for a moment afterwards. */
export function useCopy(): { copied: boolean; copy: (text: string) => Promise<void> } {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string) => {
    await call(commands.copyText(text));
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), shownFor);
  };
  return { copied, copy };
}
