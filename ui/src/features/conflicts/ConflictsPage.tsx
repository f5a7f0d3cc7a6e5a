// Conflicts: every field that was changed here and elsewhere, until somebody decides, and edits that were refused.
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { PageHeader } from "@/components/PageHeader";
import { conflictsQuery, rejectedQuery } from "@/features/users/queries";

import { ConflictCard } from "./ConflictCard";
import { RejectedEdits } from "./RejectedEdits";

import classes from "./ConflictsPage.module.css";

export function ConflictsPage() {
  const { t } = useTranslation();
  const conflicts = useQuery(conflictsQuery);
  const rejected = useInfiniteQuery(rejectedQuery);
  const edits = rejected.data?.pages.flatMap((page) => page.edits);
  const failed = [conflicts, rejected].find(({ error }) => error !== null);
  return (
    <>
      <PageHeader title={t("users.conflicts.title")} purpose={t("users.conflicts.purpose")} />
      <div className={classes.list}>
        {failed && <ErrorNotice error={failed.error} onRetry={() => failed.refetch()} />}
        {conflicts.isPending && <DelayedSkeleton rows={3} height={140} />}
        {conflicts.data?.length === 0 && edits?.length === 0 && (
          <EmptyState
            drawing="balance"
            title={t("users.conflicts.empty")}
            text={t("users.conflicts.emptyText")}
            action={
              <Button variant="default" component={Link} to="/users">
                {t("users.conflicts.emptyAction")}
              </Button>
            }
          />
        )}
        {conflicts.data?.map((conflict) => (
          <ConflictCard key={conflict.id} conflict={conflict} within="list" />
        ))}
        {edits && edits.length > 0 && <RejectedEdits edits={edits} />}
        {rejected.hasNextPage && (
          <Button
            variant="default"
            data-testid="more-rejected"
            loading={rejected.isFetchingNextPage}
            onClick={() => rejected.fetchNextPage()}
          >
            {t("users.rejected.more")}
          </Button>
        )}
      </div>
    </>
  );
}
