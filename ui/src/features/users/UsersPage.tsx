// Users: find a person among all, and open one beside the list.
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { PageHeader } from "@/components/PageHeader";
import { ExportButton } from "@/features/exchange/ExportButton";
import { FilterBar } from "@/features/filters/FilterBar";
import { SavedViews } from "@/features/filters/SavedViews";
import { JobStrip } from "@/features/jobs/JobStrip";
import type { UserId } from "@/ipc/bindings";
import { useLoadedSoFar } from "@/lib/loaded";
import { useGrouped } from "@/lib/numbers";
import { useRights } from "@/lib/rights";
import { VirtualTable } from "@/table/VirtualTable";

import { columnsFor } from "./columns";
import { NobodyHere } from "./NobodyHere";
import { isFiltered, type UsersSearch } from "./question";
import { SearchBox } from "./SearchBox";
import { UserPanel } from "./UserPanel";
import { sortingOf, useUserList } from "./useUserList";

import classes from "./UsersPage.module.css";

interface UsersPageProps {
  asked: UsersSearch;
  openId: UserId | undefined;
}

export function UsersPage({ asked, openId }: UsersPageProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { editUsers } = useRights();
  const { pages, shown, searching } = useUserList(asked);
  const total = searching ? null : shown.total;
  const { search = "" } = asked;
  const columns = useMemo(() => columnsFor(search), [search]);

  const ask = (to: UsersSearch, replace = false) => navigate({ to: "/users", search: to, replace });
  const open = (id: UserId) =>
    navigate({ to: "/users/$id", params: { id }, search: asked, replace: openId !== undefined });
  const close = () => navigate({ to: "/users", search: asked });
  const step = (by: number) => {
    const at = pages.indexWhere((row) => row.id === openId);
    const next = at === undefined ? undefined : pages.row(at + by);
    if (next) open(next.id);
  };
  const type = (text: string) => {
    const { search: before, ...others } = asked;
    // Going back leads to before the search, not through its letters.
    ask(text ? { search: text, ...others } : others, before !== undefined && text !== "");
  };
  const count = shown.total ?? 0;

  return (
    <div className={classes.page} data-open={openId !== undefined}>
      <PageHeader
        title={t("users.title")}
        purpose={
          <span className={classes.purpose} title={t("users.purpose")}>
            {t("users.purpose")}
          </span>
        }
        action={
          <>
            {editUsers && (
              <LinkButton variant="default" to="/users/import" data-testid="import">
                {t("exchange.import.open")}
              </LinkButton>
            )}
            <ExportButton asked={asked} count={total} />
          </>
        }
      />
      <JobStrip />
      <div className={classes.tools}>
        <SearchBox
          label={t("users.searchLabel")}
          placeholder={t("users.search")}
          search={search}
          onSearch={type}
        />
        <SavedViews asked={asked} onAsk={ask} />
        <Count asked={asked} total={total} searching={searching} />
      </div>
      <FilterBar asked={asked} onAsk={ask} />
      {shown.error !== null && (
        <div className={classes.error}>
          <ErrorNotice error={shown.error} onRetry={() => pages.refresh()} />
        </div>
      )}
      {total === null && count === 0 && shown.error === null && <DelayedSkeleton rows={12} />}
      {total === 0 && <NobodyHere asked={asked} onAsk={ask} />}
      {count > 0 && (
        <VirtualTable
          label={t("users.list")}
          columns={columns}
          pages={pages}
          shown={shown}
          outdated={searching}
          openId={openId}
          onOpen={open}
          sorting={sortingOf(asked, ask)}
          className={classes.table ?? ""}
          rowAttributes={(row) => ({ "data-testid": "user-row", "data-user-id": row.id })}
        />
      )}
      {openId !== undefined && <UserPanel id={openId} onClose={close} onStep={step} onOpen={open} />}
    </div>
  );
}

interface CountProps {
  asked: UsersSearch;
  /** Absent until it is known. */
  total: number | null;
  /** Whether another question was answered before, and this one is not yet. */
  searching: boolean;
}

function Count({ asked, total, searching }: CountProps) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const partial = useLoadedSoFar() !== null;
  const narrowed = asked.search !== undefined || isFiltered(asked);
  const words = narrowed ? "users.matches" : partial ? "users.soFar" : "users.count";
  return (
    <output className={classes.count}>
      {searching && <span className={classes.searching}>{t("users.searching")}</span>}
      {total !== null && t(words, { count: total, shown: grouped(total) })}
      {asked.search && !asked.sort && total !== null && total > 1 && ` · ${t("users.bestFirst")}`}
      {total !== null && partial && narrowed && (
        <span className={classes.loading}> · {t("users.amongLoaded")}</span>
      )}
    </output>
  );
}
