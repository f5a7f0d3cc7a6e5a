// The heading of a column: a button where the list can be sorted by it.
/* oxlint-disable jsx-a11y/prefer-tag-over-role */
import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./VirtualTable.module.css";

/** By what a list is sorted, in the names of its columns. */
export interface Sorting {
  /** The columns that can be asked for. */
  columns: ReadonlySet<string>;
  /** The column it is sorted by; absent if it is by something else. */
  by: string | undefined;
  descending: boolean;
  onSort: (column: string) => void;
}

interface HeadingCellProps {
  column: string;
  sorting: Sorting | undefined;
  children: ReactNode;
}

export function HeadingCell({ column, sorting, children }: HeadingCellProps) {
  const sorted = sorting?.by === column;
  const Arrow = sorting?.descending ? IconArrowDown : IconArrowUp;
  return (
    <div
      role="columnheader"
      className={classes.cell}
      data-column={column}
      {...(sorting?.columns.has(column)
        ? { "aria-sort": sorted ? (sorting.descending ? "descending" : "ascending") : "none" }
        : {})}
    >
      {sorting?.columns.has(column) ? (
        <UnstyledButton
          className={classes.heading}
          data-sorted={sorted}
          data-testid={`sort-${column}`}
          onClick={() => sorting.onSort(column)}
        >
          {children}
          <Arrow className={classes.arrow} size={13} stroke={1.75} aria-hidden="true" />
        </UnstyledButton>
      ) : (
        children
      )}
    </div>
  );
}
