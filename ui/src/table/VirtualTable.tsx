// The table of a long list: fixed row height, only what is visible in the page, arrows move and Enter opens.
// A <table> cannot place its rows freely, so that roles say what the tags cannot.
/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/control-has-associated-label */
import { tableFeatures, useTable, type ColumnDef } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { chosenRows, rowHeight } from "@/lib/rows";

import type { Pages, Shown } from "./pages";
import { rowInSlot, slotCount, slotOfRow, type Stretch } from "./slots";

import classes from "./VirtualTable.module.css";

export const features = tableFeatures({});

/** A column of a long list. */
export type Column<Row extends object> = ColumnDef<typeof features, Row>;

interface VirtualTableProps<Row extends { id: string }> {
  /** Names the table for people who do not see it. */
  label: string;
  columns: Column<Row>[];
  pages: Pages<Row>;
  shown: Shown<Row>;
  /** The row that is open beside the table. */
  openId: string | undefined;
  onOpen: (id: string) => void;
  className?: string;
  /** By which tests and style sheets find a row. */
  rowAttributes?: (row: Row) => Record<`data-${string}`, string>;
}

const overscan = 6;

/** Height of the headings in pixels, which stay while rows move beneath them. */
const headHeight = 32;

export function VirtualTable<Row extends { id: string }>(props: VirtualTableProps<Row>) {
  const { label, columns, pages, shown, openId, onOpen, className = "", rowAttributes } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const tableId = useId();
  const [height] = useState(() => rowHeight(chosenRows()));
  const [active, setActive] = useState<string>();
  const total = shown.total ?? 0;
  const slots = slotCount(total, height);

  const virtual = useVirtualizer({
    count: slots,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
  const items = virtual.getVirtualItems();
  const visible = Math.max(1, Math.floor(((virtual.scrollRect?.height ?? 0) - headHeight) / height));
  const stretch: Stretch = { total, slots, visible };
  const firstSlot = Math.floor((virtual.scrollOffset ?? 0) / height);
  const firstRow = rowInSlot(firstSlot, stretch);
  const rowOf = (slot: number) => firstRow + slot - firstSlot;
  const from = Math.max(0, rowOf(items[0]?.index ?? 0));
  const to = Math.min(total - 1, rowOf(items.at(-1)?.index ?? 0));

  useEffect(() => {
    pages.want(from, to);
  }, [pages, from, to]);

  useKeptPlace(pages, shown, firstRow, slots === total, (rows) => {
    if (scroller.current) scroller.current.scrollTop += rows * height;
  });
  useEffect(() => {
    // Another question begins at its own top.
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [pages]);

  const data = useMemo(
    () =>
      Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => pages.row(from + index)).filter(
        (row) => row !== undefined,
      ),
    // `shown` is what makes `pages.row` answer anew.
    // oxlint-disable-next-line react/exhaustive-deps
    [pages, shown, from, to],
  );
  const table = useTable({ features, columns, data, getRowId: (row) => row.id });
  const rows = new Map(table.getRowModel().rows.map((row) => [row.id, row]));
  const current = openId ?? active;

  const move = (target: number) => {
    const index = Math.max(0, Math.min(total - 1, target));
    const row = pages.row(index);
    if (!row) return;
    setActive(row.id);
    if (openId !== undefined) onOpen(row.id);
  };
  const at = current === undefined ? undefined : pages.indexWhere((row) => row.id === current);
  useEffect(() => {
    if (at === undefined || (at >= firstRow && at < firstRow + visible)) return;
    if (slots === total) virtual.scrollToIndex(at, { align: "auto" });
    else virtual.scrollToOffset(slotOfRow(at, stretch) * height);
    // Only another row moves the list; scrolling away from it is the reader's own choice.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [current]);
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(at === undefined ? firstRow : at + 1),
    ArrowUp: () => move(at === undefined ? firstRow : at - 1),
    PageDown: () => move((at ?? firstRow) + visible),
    PageUp: () => move((at ?? firstRow) - visible),
    Home: () => move(0),
    Enter: () => current !== undefined && onOpen(current),
  };
  const hear = (event: KeyboardEvent) => {
    const act = keys[event.key];
    if (!act || event.target !== scroller.current || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      ref={scroller}
      className={`${classes.scroller} ${className}`}
      role="grid"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-activedescendant={current && rows.has(current) ? `${tableId}${current}` : undefined}
      tabIndex={0}
      data-list
      onKeyDown={hear}
    >
      <div className={classes.head} style={{ height: headHeight }} role="row" aria-rowindex={1}>
        {table.getHeaderGroups().map((group) =>
          group.headers.map((header) => (
            <div key={header.id} role="columnheader" className={classes.cell} data-column={header.column.id}>
              <table.FlexRender header={header} />
            </div>
          )),
        )}
      </div>
      <div className={classes.body} role="rowgroup" style={{ height: slots * height }}>
        {items.map(({ index: slot, start }) => {
          const index = rowOf(slot);
          const row = pages.row(index);
          const drawn = row && rows.get(row.id);
          const place = { height, transform: `translateY(${start - headHeight}px)` };
          if (!row || !drawn) {
            return <div key={slot} className={classes.blank} style={place} aria-hidden="true" />;
          }
          return (
            // The grid takes the keys for its rows; a row is only clicked.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={slot}
              id={`${tableId}${row.id}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={row.id === openId}
              tabIndex={-1}
              className={classes.row}
              data-active={row.id === current}
              {...rowAttributes?.(row)}
              style={place}
              onClick={() => {
                setActive(row.id);
                onOpen(row.id);
              }}
            >
              {drawn.getAllCells().map((cell) => (
                <div key={cell.id} role="gridcell" className={classes.cell} data-column={cell.column.id}>
                  <table.FlexRender cell={cell} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Keeps the rows under the reader's eyes where they are when others come or go above them. */
function useKeptPlace<Row extends { id: string }>(
  pages: Pages<Row>,
  shown: Shown<Row>,
  firstRow: number,
  exact: boolean,
  scrollBy: (rows: number) => void,
): void {
  const before = useRef<{ pages: Pages<Row>; shown: Shown<Row>; row: number; id: string | undefined }>(
    undefined,
  );
  useLayoutEffect(() => {
    const last = before.current;
    const changed =
      last && last.pages === pages && last.shown !== shown && last.row > 0 && last.id !== undefined;
    const now = changed && exact ? pages.indexWhere((row) => row.id === last.id) : undefined;
    const shift = last && now !== undefined ? now - last.row : 0;
    if (shift !== 0) scrollBy(shift);
    const row = firstRow + shift;
    before.current = { pages, shown, row, id: pages.row(row)?.id };
  });
}
