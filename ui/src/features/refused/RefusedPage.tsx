// People who tried to log in and were refused, latest first, until somebody lets them in or forgets them.
import { Button } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import { PageHeader } from "@/components/PageHeader";
import { ConnectionFilter } from "@/features/filters/ConnectionFilter";
import { SearchBox } from "@/features/users/SearchBox";
import type { RefusedPerson } from "@/ipc/bindings";
import { statusQuery } from "@/ipc/queries";
import { useGrouped } from "@/lib/numbers";
import { useRights } from "@/lib/rights";

import { refusedQuery, type RefusedSearch } from "./queries";
import { RefusedCard } from "./RefusedCard";

import classes from "./RefusedPage.module.css";

/** One refusal. Who comes again is refused anew. */
const nameOf = ({ app_id, open_id, last_seen }: RefusedPerson) => `${app_id} ${open_id} ${last_seen}`;

export function RefusedPage({ asked }: { asked: RefusedSearch }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { editUsers } = useRights();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery({ ...refusedQuery(asked), placeholderData: keepPreviousData });
  // The backend has decided these; the replica says so once it has heard.
  const [settled, setSettled] = useState<ReadonlySet<string>>(new Set());
  const all = data?.pages.flatMap((page) => page.refused) ?? [];
  const people = all.filter((person) => !settled.has(nameOf(person)));
  const total = Math.max(people.length, (data?.pages[0]?.total ?? 0) - (all.length - people.length));
  const { search = "", connection } = asked;
  const narrowed = search !== "" || connection !== undefined;
  const ask = (to: RefusedSearch, replace = false) => navigate({ to: "/refused", search: to, replace });
  return (
    <>
      <PageHeader title={t("refused.title")} purpose={t("refused.purpose")} />
      {(narrowed || all.length > 0) && (
        <div className={classes.tools}>
          <SearchBox
            label={t("refused.searchLabel")}
            placeholder={t("refused.search")}
            search={search}
            onSearch={(text) => {
              const { search: before, ...others } = asked;
              ask(text ? { ...others, search: text } : others, before !== undefined && text !== "");
            }}
          />
          <ConnectionFilter
            chosen={connection}
            onChange={(id) => ask({ ...(search ? { search } : {}), ...(id ? { connection: id } : {}) })}
          />
          <Count total={total} known={data !== undefined} />
        </div>
      )}
      <div className={classes.list}>
        {error && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {isPending && <DelayedSkeleton rows={3} height={110} />}
        {!editUsers && (
          <Notice tone="neutral" title={t("refused.rights.title")}>
            {t("refused.rights.viewer")}
          </Notice>
        )}
        {data && people.length === 0 && narrowed && (
          <EmptyState
            drawing="search"
            title={t("refused.notFound.title")}
            text={t("refused.notFound.text")}
            action={
              <Button variant="default" onClick={() => ask({})}>
                {t("refused.notFound.action")}
              </Button>
            }
          />
        )}
        {data && people.length === 0 && !narrowed && editUsers && (
          <EmptyState
            drawing="people"
            title={t("refused.empty.title")}
            text={t("refused.empty.text")}
            action={
              <LinkButton variant="default" to="/connections">
                {t("refused.empty.action")}
              </LinkButton>
            }
          />
        )}
        {people.map((person) => (
          <RefusedCard
            key={nameOf(person)}
            person={person}
            search={search}
            onSettled={() => setSettled((before) => new Set(before).add(nameOf(person)))}
          />
        ))}
        {hasNextPage && (
          <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            {t("refused.more")}
          </Button>
        )}
      </div>
    </>
  );
}

function Count({ total, known }: { total: number; known: boolean }) {
  const { t } = useTranslation();
  const grouped = useGrouped();
  const { data: link } = useQuery({ ...statusQuery, select: (status) => status.link.type });
  return (
    <output className={classes.count}>
      {known && t("refused.count", { count: total, shown: grouped(total) })}
      {link === "offline" && ` · ${t("refused.asOfLastSync")}`}
    </output>
  );
}
