// What narrows the list of users: one chip a filter, and how many were refused and are therefore not in it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { refusedCountQuery } from "@/features/refused/queries";
import { isFiltered, unfiltered, type UsersSearch } from "@/features/users/question";
import { statusQuery } from "@/ipc/queries";
import { useGrouped } from "@/lib/numbers";

import { ChoiceFilter } from "./ChoiceFilter";
import { ConnectionFilter } from "./ConnectionFilter";
import { DaysFilter } from "./DaysFilter";

import classes from "./Filters.module.css";

interface FilterBarProps {
  asked: UsersSearch;
  onAsk: (to: UsersSearch) => void;
}

export function FilterBar({ asked, onAsk }: FilterBarProps) {
  const { t } = useTranslation();
  const change = <Key extends keyof UsersSearch>(key: Key, value: UsersSearch[Key]) => {
    const { [key]: _before, ...others } = asked;
    onAsk(value === undefined ? others : { ...others, [key]: value });
  };
  return (
    <div className={classes.bar} role="group" aria-label={t("filters.label")}>
      <ConnectionFilter chosen={asked.connection} onChange={(value) => change("connection", value)} />
      <ChoiceFilter
        name="UnionID"
        chosen={asked.union}
        values={(["yes", "no"] as const).map((value) => ({ value, label: t(`filters.union.${value}`) }))}
        onChange={(value) => change("union", value)}
        testId="filter-union"
      />
      <ChoiceFilter
        name={t("users.columns.status")}
        chosen={asked.status}
        values={(["active", "blocked"] as const).map((value) => ({
          value,
          label: t(`users.status.${value}`),
        }))}
        onChange={(value) => change("status", value)}
        testId="filter-status"
      />
      <DaysFilter
        key={`created ${asked.created}`}
        name={t("users.columns.created")}
        value={asked.created}
        onChange={(value) => change("created", value)}
        testId="filter-created"
      />
      <DaysFilter
        key={`seen ${asked.seen}`}
        name={t("users.columns.lastSeen")}
        value={asked.seen}
        onChange={(value) => change("seen", value)}
        testId="filter-seen"
      />
      <ChoiceFilter
        name={t("users.columns.sync")}
        chosen={asked.sync}
        values={(["unsynced", "conflict"] as const).map((value) => ({
          value,
          label: t(`filters.sync.${value}`),
        }))}
        onChange={(value) => change("sync", value)}
        testId="filter-sync"
      />
      <Refused asked={asked} />
      {isFiltered(asked) && (
        <Button
          variant="subtle"
          color="slate"
          size="compact-xs"
          h={24}
          flex="none"
          data-testid="filters-clear"
          onClick={() => onAsk(unfiltered(asked))}
        >
          {t("filters.clear")}
        </Button>
      )}
    </div>
  );
}

/** People who were refused are no users; the same question leads to them. */
function Refused({ asked: { search, connection } }: { asked: UsersSearch }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const { data: viewer } = useQuery({ ...statusQuery, select: ({ server }) => server?.role === "viewer" });
  const asked = { ...(search ? { search } : {}), ...(connection ? { connection } : {}) };
  const { data: total = 0 } = useQuery(refusedCountQuery(asked));
  if (viewer || total === 0) return null;
  return (
    <Link to="/refused" search={asked} className={classes.refused} data-testid="filter-refused">
      {t("filters.refused", { shown: grouped(total) })}
    </Link>
  );
}
