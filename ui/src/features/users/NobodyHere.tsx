// A list of users with nobody in it: why, and what to do about it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { EmptyState } from "@/components/EmptyState";
import { LinkButton } from "@/components/LinkButton";
import type { Status } from "@/ipc/bindings";
import { connectionsQuery, statusQuery } from "@/ipc/queries";
import { errorWords, type Words } from "@/lib/errorWords";

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
  const { data: status } = useQuery(statusQuery);
  if (status && !status.loaded) return <NotLoaded status={status} />;
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

/** Nobody is here yet: they are on their way, or why they are not and what to do about it. */
function NotLoaded({ status }: { status: Status }) {
  const { t } = useTranslation();
  const hindrance = hindranceOf(t, status);
  if (hindrance) {
    return (
      <EmptyState
        drawing="people"
        title={hindrance.title}
        text={`${t("users.notYet.stopped")} ${hindrance.advice}`}
        action={
          <LinkButton variant="default" to="/settings">
            {t("frame.accessLost.action")}
          </LinkButton>
        }
      />
    );
  }
  const text = status.loading?.state.type === "paused" ? "users.notYet.paused" : "users.notYet.text";
  return <EmptyState drawing="people" title={t("users.notYet.title")} text={t(text)} />;
}

/** Why nobody will come, in the words that errors have everywhere. */
function hindranceOf(t: TFunction, { link, trouble }: Status): Pick<Words, "title" | "advice"> | null {
  if (trouble) return errorWords(t, trouble);
  switch (link.type) {
    case "denied":
      return {
        title: t("errors.codes.unauthenticated.title"),
        advice: t("errors.codes.unauthenticated.advice"),
      };
    case "offline":
      return errorWords(t, { type: "backend_unreachable", host: link.host });
    default:
      return null;
  }
}
