// Conflicts: every field that was changed here and elsewhere, until somebody decides.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { PageHeader } from "@/components/PageHeader";
import { conflictsQuery } from "@/features/users/queries";

import { ConflictCard } from "./ConflictCard";

import classes from "./ConflictsPage.module.css";

export function ConflictsPage() {
  const { t } = useTranslation();
  const { data: conflicts, error, refetch } = useQuery(conflictsQuery);
  return (
    <>
      <PageHeader title={t("users.conflicts.title")} purpose={t("users.conflicts.purpose")} />
      <div className={classes.list}>
        {error && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {!conflicts && !error && <DelayedSkeleton rows={3} height={140} />}
        {conflicts?.length === 0 && (
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
        {conflicts?.map((conflict) => (
          <ConflictCard key={conflict.id} conflict={conflict} within="list" />
        ))}
      </div>
    </>
  );
}
