// The place of a reader in a long list, as a component holds it: what to draw, and where.
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type RefObject,
} from "react";

import type { Pages, Shown } from "./pages";
import { begin, firstRow, moved, nearEnd, scrolled, settled, showing, type Area, type Place } from "./place";
import { slotCount } from "./slots";

const overscan = 6;

/** How long nothing moves until the scroll bar goes to its own place, in milliseconds. */
const calm = 150;

interface Asked<Row> {
  scroller: RefObject<HTMLElement | null>;
  pages: Pages<Row>;
  shown: Shown<Row>;
  /** Of a row, in pixels. */
  height: number;
  /** Of what stays above the rows, in pixels. */
  headHeight: number;
}

/** How far an element is scrolled, and how much of it is seen, in pixels. */
function useScroll(scroller: RefObject<HTMLElement | null>) {
  const subscribe = useCallback(
    (tell: () => void) => {
      const element = scroller.current;
      if (!element) return () => {};
      const sizes = new ResizeObserver(tell);
      sizes.observe(element);
      element.addEventListener("scroll", tell, { passive: true });
      return () => {
        sizes.disconnect();
        element.removeEventListener("scroll", tell);
      };
    },
    [scroller],
  );
  // Drawn before the browser paints: else the rows would lag behind the scroll bar.
  const top = useSyncExternalStore(subscribe, () => scroller.current?.scrollTop ?? 0);
  const room = useSyncExternalStore(subscribe, () => scroller.current?.clientHeight ?? 0);
  return { top, room };
}

/** Rows `from` to `to` are to be drawn, each at `topOf` pixels; `first` and as many as `visible` are seen. */
export function usePlace<Row extends { id: string }>(asked: Asked<Row>) {
  const { scroller, pages, shown, height, headHeight } = asked;
  const total = shown.total ?? 0;
  const slots = slotCount(total, height);
  const { top, room } = useScroll(scroller);
  const visible = Math.max(1, Math.floor((room - headHeight) / height));
  const area: Area = { total, slots, visible, height };

  const [held, setHeld] = useState<Place>(begin);
  let place = held;
  if (top !== held.top) {
    place = scrolled(held, top, area);
    setHeld(place);
  }
  const go = (to: Place) => {
    const element = scroller.current;
    if (to === place || !element) return;
    element.scrollTop = to.top;
    // The browser rounds, and stops at its own end.
    setHeld({ ...to, top: element.scrollTop });
  };

  const first = firstRow(place, area);
  const origin = first - Math.floor(place.top / height);
  const from = Math.max(0, first - overscan);
  const to = Math.min(total - 1, first + visible + 1 + overscan);

  useEffect(() => {
    const rest = settled(place, area);
    if (rest === place) return;
    const timer = setTimeout(() => go(rest), nearEnd(place, area) ? 0 : calm);
    return () => clearTimeout(timer);
    // Once each place; a list that changes meanwhile does not begin the wait anew.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [place]);

  useEffect(() => {
    // Another question begins at its own top.
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [scroller, pages]);

  // Keeps the rows under the reader's eyes where they are when others come or go above them.
  const before = useRef<{ pages: Pages<Row>; shown: Shown<Row>; row: number; id: string | undefined }>(
    undefined,
  );
  useLayoutEffect(() => {
    const last = before.current;
    const changed =
      last && last.pages === pages && last.shown !== shown && last.row > 0 && last.id !== undefined;
    const now = changed ? pages.indexWhere((row) => row.id === last.id) : undefined;
    const shift = last && now !== undefined ? now - last.row : 0;
    if (shift !== 0) go(moved(place, shift, area));
    const row = first + shift;
    before.current = { pages, shown, row, id: pages.row(row)?.id };
  });

  return {
    from,
    to,
    first,
    visible,
    slots,
    /** Pixels from the first slot. */
    topOf: (row: number) => (row - origin) * height,
    /** Scrolls as far as it takes to see a row. */
    show: (row: number) => go(showing(place, row, area)),
  };
}
