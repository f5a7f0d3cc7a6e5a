// The list of users for a question, kept fresh, with the order its headings ask for.
import { useEffect, useMemo } from "react";

import type { UserRow } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands, events } from "@/ipc/host";
import type { Sorting } from "@/table/HeadingCell";
import type { Source } from "@/table/pages";
import { usePages } from "@/table/usePages";

import { sortable } from "./columns";
import { questionOf, sortOf, sortText, type Question, type UsersSearch } from "./question";

const sourceOf = (question: Question): Source<UserRow> => ({
  after: (after, limit) => call(commands.users({ ...question, after, limit })),
  at: (position, limit) => call(commands.usersAt({ ...question, after: null, limit }, position)),
});

/** `searching` while the rows still are those of the question before. */
export function useUserList(asked: UsersSearch) {
  const key = JSON.stringify(questionOf(asked));
  // The same question in another object is the same list.
  const source = useMemo(() => sourceOf(JSON.parse(key) as Question), [key]);
  const { pages, shown, outdated } = usePages(source);
  useEffect(() => {
    const listening = events.usersChanged(() => {
      pages.refresh();
    });
    return () => {
      listening.then((stop) => stop());
    };
  }, [pages]);
  return { pages, shown, searching: outdated };
}

const sortColumns: ReadonlySet<string> = new Set(Object.keys(sortable));

/** What the headings show and do: a column, the other way round, and then the usual order again. */
export function sortingOf(asked: UsersSearch, onAsk: (to: UsersSearch) => void): Sorting {
  const usual = asked.search ? undefined : ({ by: "created", descending: true } as const);
  const now = sortOf(asked.sort) ?? usual;
  const names = Object.keys(sortable) as (keyof typeof sortable)[];
  return {
    columns: sortColumns,
    by: names.find((name) => sortable[name].by === now?.by),
    descending: now?.descending ?? false,
    onSort: (column) => {
      const name = names.find((one) => one === column);
      if (!name) return;
      const { by, descending } = sortable[name];
      const { sort: _before, ...others } = asked;
      if (now?.by !== by) onAsk({ ...others, sort: sortText(by, descending) });
      else if (now.descending === descending) onAsk({ ...others, sort: sortText(by, !descending) });
      else onAsk(others);
    },
  };
}
