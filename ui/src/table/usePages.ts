// A long list inside a component: begun anew when its question changes, without a blank moment in between.
import { useEffect, useState, useSyncExternalStore } from "react";

import { Pages, type Shown, type Source } from "./pages";

/** A list as it is shown. */
interface Answer<Row> {
  pages: Pages<Row>;
  shown: Shown<Row>;
  /** Whether this answers the question before, because the present one is not answered yet. */
  outdated: boolean;
}

/** The list of a question. `source` has to stay the same as long as the question is the same. */
export function usePages<Row>(source: Source<Row>): Answer<Row> {
  const [asked, setAsked] = useState(() => ({ source, pages: new Pages(source) }));
  const [answered, setAnswered] = useState(asked);
  let current = asked;
  if (asked.source !== source) {
    current = { source, pages: new Pages(source) };
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
  return { pages, shown, outdated: pages !== current.pages };
}
