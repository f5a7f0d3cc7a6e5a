// Keys that work everywhere but in a text field.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

const pages = { o: "/", c: "/connections", u: "/users", s: "/settings" } as const;

/** How long `g` waits for its second key, in milliseconds. */
const patience = 1200;

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input, textarea, select, [role=textbox], [role=combobox]"));

const page = (key: string) => (key in pages ? pages[key as keyof typeof pages] : undefined);

/** `g` then a letter opens a page, `/` goes to the search, `?` shows the sheet. */
export function useShortcuts({ onSheet }: { onSheet: () => void }): void {
  const navigate = useNavigate();
  const begun = useRef(0);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target))
        return;
      if (document.querySelector('[role="dialog"][aria-modal="true"]')) return;
      const to = page(event.key);
      const second = event.timeStamp - begun.current < patience && begun.current > 0;
      begun.current = event.key === "g" ? event.timeStamp : 0;
      if (second && to) {
        event.preventDefault();
        navigate({ to });
      } else if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>("input[type=search], input[data-search]");
        if (!search) return;
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === "?") {
        event.preventDefault();
        onSheet();
      }
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, [navigate, onSheet]);
}
