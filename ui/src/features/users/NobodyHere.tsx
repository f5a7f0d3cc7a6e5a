// A list of users with nobody in it: why, and what to do about it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EmptyState } from "@/components/EmptyState";
import { connectionsQuery, statusQuery } from "@/ipc/queries";

import { isFiltered, unfiltered, type UsersSearch } from "./question";

interface NobodyHereProps {
  asked: UsersSearch;
  onAsk: (to: UsersSearch) => void;
}

export function NobodyHere({ asked, onAsk }: NobodyHereProps) {
  const { t } = useTranslation();
  const { search, ...others } = asked;
  const alone = (key: string) => key === "sync" || key === "sort" || key === "view";
  if (search) {
    return (
      <EmptyState
        drawing="search"
        title={t("users.notFound.title", { search })}
        text={t(isFiltered(asked) ? "users.notFound.filtered" : "users.notFound.text")}
        action={
          <>
            {isFiltered(asked) && (
              <Button variant="default" onClick={() => onAsk(unfiltered(asked))}>
                {t("users.notFound.unfilter")}
              </Button>
            )}
            <Button variant="default" onClick={() => onAsk(others)}>
              {t("users.notFound.action")}
            </Button>
          </>
        }
      />
    );
  }
  if (asked.sync && Object.keys(asked).every(alone)) {
    return (
      <EmptyState
        drawing="badge"
        title={t("users.allSynced.title")}
        text={t("users.allSynced.text")}
        action={
          <Button variant="default" onClick={() => onAsk({})}>
            {t("users.allSynced.action")}
          </Button>
        }
      />
    );
  }
  if (isFiltered(asked)) {
    return (
      <EmptyState
        drawing="search"
        title={t("users.noneLeft.title")}
        text={t("users.noneLeft.text")}
        action={
          <Button variant="default" onClick={() => onAsk(unfiltered(asked))}>
            {t("filters.clear")}
          </Button>
        }
      />
    );
  }
  return <EmptyPool />;
}

function EmptyPool() {
  const { t } = useTranslation();
  const { data: connections } = useQuery(connectionsQuery);
  const { data: loaded = true } = useQuery({ ...statusQuery, select: (status) => status.loaded });
  if (!loaded) {
    return <EmptyState drawing="people" title={t("users.notYet.title")} text={t("users.notYet.text")} />;
  }
  const none = connections?.length === 0;
  return (
    <EmptyState
      drawing="people"
      title={t("users.empty.title")}
      text={t(none ? "users.empty.textNoConnection" : "users.empty.text")}
      action={
        <Button component={Link} to={none ? "/connections/new" : "/connections"}>
          {t(none ? "users.empty.actionNoConnection" : "users.empty.action")}
        </Button>
      }
    />
  );
}
