// A long list inside a component: begun anew when its question changes, without a blank moment in between.
import { useEffect, useState, useSyncExternalStore } from "react";

import { Pages, type Load, type Shown } from "./pages";

/** The list of a question. `load` has to stay the same function as long as the question is the same. */
export function usePages<Row>(load: Load<Row>): { pages: Pages<Row>; shown: Shown<Row> } {
  const [asked, setAsked] = useState(() => ({ load, pages: new Pages(load) }));
  const [answered, setAnswered] = useState(asked);
  let current = asked;
  if (asked.load !== load) {
    current = { load, pages: new Pages(load) };
    setAsked(current);
  }
  const state = useSyncExternalStore(current.pages.subscribe, current.pages.shown);

  useEffect(() => {
    current.pages.want(0, 0);
  }, [current]);

  // Until the new question is answered, the old answer stays.
  const ready = state.total !== null || state.error !== null;
  if (ready && answered !== current) setAnswered(current);
  const { pages } = ready ? current : answered;
  const shown = useSyncExternalStore(pages.subscribe, pages.shown);
  return { pages, shown };
}
