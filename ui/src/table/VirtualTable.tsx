// The table of a long list: fixed row height, only what is visible in the page, arrows move and Enter opens.
// A <table> cannot place its rows freely, so that roles say what the tags cannot.
/* oxlint-disable jsx-a11y/prefer-tag-over-role, jsx-a11y/control-has-associated-label */
import { tableFeatures, useTable, type ColumnDef } from "@tanstack/react-table";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { chosenRows, rowHeight } from "@/lib/rows";

import { HeadingCell, type Sorting } from "./HeadingCell";
import type { Pages, Shown } from "./pages";
import { usePlace } from "./usePlace";

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
  /** Whether the rows answer a question that is asked no more, until the new answer is there. */
  outdated?: boolean;
  /** The row that is open beside the table. */
  openId: string | undefined;
  onOpen: (id: string) => void;
  /** By which column the list is sorted, and what its headings do. */
  sorting?: Sorting;
  className?: string;
  /** By which tests and style sheets find a row. */
  rowAttributes?: (row: Row) => Record<`data-${string}`, string>;
}

/** Height of the headings in pixels, which stay while rows move beneath them. */
const headHeight = 32;

export function VirtualTable<Row extends { id: string }>(props: VirtualTableProps<Row>) {
  const { label, columns, pages, shown, openId, onOpen, sorting, className = "", rowAttributes } = props;
  const { outdated = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const tableId = useId();
  const [height] = useState(() => rowHeight(chosenRows()));
  const [active, setActive] = useState<string>();
  /** A row that the keyboard asked for and that is not in memory yet. */
  const [sought, setSought] = useState<number>();
  const total = shown.total ?? 0;
  const place = usePlace({ scroller, pages, shown, height, headHeight });
  const { from, to, first, visible } = place;

  useEffect(() => {
    pages.want(from, to);
  }, [pages, from, to]);

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

  const choose = (row: Row) => {
    setSought(undefined);
    setActive(row.id);
    if (openId !== undefined) onOpen(row.id);
  };
  const move = (target: number) => {
    const index = Math.max(0, Math.min(total - 1, target));
    const row = pages.row(index);
    if (row) return choose(row);
    setSought(index);
    place.show(index);
  };
  const arrived = sought === undefined ? undefined : pages.row(sought);
  useEffect(() => {
    if (arrived) choose(arrived);
    // Once it is there.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [arrived]);
  const at = sought ?? (current === undefined ? undefined : pages.indexWhere((row) => row.id === current));
  useEffect(() => {
    if (at !== undefined) place.show(at);
    // Only another row moves the list; scrolling away from it is the reader's own choice.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [current]);
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(at === undefined ? first : at + 1),
    ArrowUp: () => move(at === undefined ? first : at - 1),
    PageDown: () => move((at ?? first) + visible),
    PageUp: () => move((at ?? first) - visible),
    Home: () => move(0),
    End: () => move(total - 1),
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
      aria-busy={outdated}
      aria-activedescendant={current && rows.has(current) ? `${tableId}${current}` : undefined}
      tabIndex={0}
      data-list
      onKeyDown={hear}
    >
      <div className={classes.head} style={{ height: headHeight }} role="row" aria-rowindex={1}>
        {table.getHeaderGroups().map((group) =>
          group.headers.map((header) => (
            <HeadingCell key={header.id} column={header.column.id} sorting={sorting}>
              <table.FlexRender header={header} />
            </HeadingCell>
          )),
        )}
      </div>
      <div className={classes.body} role="rowgroup" style={{ height: place.slots * height }}>
        {Array.from({ length: Math.max(0, to - from + 1) }, (_, nth) => from + nth).map((index) => {
          const row = pages.row(index);
          const drawn = row && rows.get(row.id);
          const where = { height, transform: `translateY(${place.topOf(index)}px)` };
          if (!row || !drawn) {
            return <div key={index} className={classes.blank} style={where} aria-hidden="true" />;
          }
          return (
            // The grid takes the keys for its rows; a row is only clicked.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={index}
              id={`${tableId}${row.id}`}
              className={classes.row}
              style={where}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={row.id === openId}
              data-active={row.id === current}
              tabIndex={-1}
              onClick={() => {
                setActive(row.id);
                onOpen(row.id);
              }}
              {...rowAttributes?.(row)}
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
