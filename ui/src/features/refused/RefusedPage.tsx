// People who tried to log in and were refused, latest first, until somebody lets them in or forgets them.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import { PageHeader } from "@/components/PageHeader";
import { useRights } from "@/lib/rights";

import { refusedQuery } from "./queries";
import { RefusedCard } from "./RefusedCard";

import classes from "./RefusedPage.module.css";

export function RefusedPage() {
  const { t } = useTranslation();
  const { editUsers } = useRights();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(refusedQuery);
  const people = data?.pages.flatMap((page) => page.refused) ?? [];
  return (
    <>
      <PageHeader title={t("refused.title")} purpose={t("refused.purpose")} />
      <div className={classes.list}>
        {error && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {isPending && <DelayedSkeleton rows={3} height={110} />}
        {!editUsers && (
          <Notice tone="neutral" title={t("refused.rights.title")}>
            {t("refused.rights.viewer")}
          </Notice>
        )}
        {data && people.length === 0 && (
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
          <RefusedCard key={`${person.app_id} ${person.open_id}`} person={person} />
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
