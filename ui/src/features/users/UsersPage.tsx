// Users: find a person among all, and open one beside the list.
import { Button, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNotice } from "@/components/ErrorNotice";
import { PageHeader } from "@/components/PageHeader";
import type { UserId } from "@/ipc/bindings";
import type { UserRow } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands, events } from "@/ipc/host";
import { connectionsQuery, statusQuery } from "@/ipc/queries";
import type { Load } from "@/table/pages";
import { usePages } from "@/table/usePages";
import { VirtualTable } from "@/table/VirtualTable";

import { columns } from "./columns";
import { UserPanel } from "./UserPanel";

import classes from "./UsersPage.module.css";

/** What is listed; kept in the address, so that going back shows the same. */
export interface UsersSearch {
  search?: string;
  unsynced?: true;
}

/** Reads the question from an address; what is not understood is left out. */
export function usersSearch(given: Record<string, unknown>): UsersSearch {
  const search =
    typeof given["search"] === "string" || typeof given["search"] === "number" ? `${given["search"]}` : "";
  return { ...(search ? { search } : {}), ...(given["unsynced"] === true ? { unsynced: true } : {}) };
}

const pause = 150;

interface UsersPageProps {
  asked: UsersSearch;
  openId: UserId | undefined;
}

export function UsersPage({ asked, openId }: UsersPageProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const { search = "", unsynced = false } = asked;
  const load = useCallback<Load<UserRow>>(
    (after, limit) => call(commands.users({ search, unsynced_only: unsynced, after, limit })),
    [search, unsynced],
  );
  const { pages, shown } = usePages(load);
  useEffect(() => {
    const listening = events.usersChanged(() => {
      pages.refresh();
    });
    return () => {
      listening.then((stop) => stop());
    };
  }, [pages]);

  const ask = (to: UsersSearch) => navigate({ to: "/users", search: to, replace: true });
  const open = (id: UserId) =>
    navigate({ to: "/users/$id", params: { id }, search: asked, replace: openId !== undefined });
  const close = () => navigate({ to: "/users", search: asked });
  const step = (by: number) => {
    const at = pages.indexWhere((row) => row.id === openId);
    const next = at === undefined ? undefined : pages.row(at + by);
    if (next) open(next.id);
  };
  const count = shown.total ?? 0;

  return (
    <div className={classes.page} data-open={openId !== undefined}>
      <PageHeader title={t("users.title")} purpose={t("users.purpose")} />
      <div className={classes.tools}>
        <SearchBox
          search={search}
          onSearch={(text) => ask({ ...(text ? { search: text } : {}), ...(unsynced ? { unsynced } : {}) })}
        />
        <Switch
          size="xs"
          className={classes.toggle ?? ""}
          label={t("users.unsyncedOnly")}
          checked={unsynced}
          onChange={(event) =>
            ask({ ...(search ? { search } : {}), ...(event.currentTarget.checked ? { unsynced: true } : {}) })
          }
        />
        <output className={classes.count}>
          {shown.total !== null &&
            t("users.count", { count, shown: new Intl.NumberFormat(i18n.language).format(count) })}
          <FirstLoad />
        </output>
      </div>
      {shown.error !== null && (
        <div className={classes.error}>
          <ErrorNotice error={shown.error} onRetry={() => pages.refresh()} />
        </div>
      )}
      {shown.total === null && shown.error === null && <DelayedSkeleton rows={12} />}
      {shown.total === 0 && <NobodyHere asked={asked} onAsk={ask} />}
      {count > 0 && (
        <VirtualTable
          label={t("users.list")}
          columns={columns}
          pages={pages}
          shown={shown}
          openId={openId}
          onOpen={open}
          className={classes.table ?? ""}
          rowAttributes={(row) => ({ "data-testid": "user-row", "data-user-id": row.id })}
        />
      )}
      {openId !== undefined && <UserPanel id={openId} onClose={close} onStep={step} onOpen={open} />}
    </div>
  );
}

function SearchBox({ search, onSearch }: { search: string; onSearch: (text: string) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(search);
  const [known, setKnown] = useState(search);
  const [sent, setSent] = useState(search);
  // The address changed by other means than typing: back, forward, or a cleared search.
  if (known !== search) {
    setKnown(search);
    if (search !== sent) setTyped(search);
  }
  const tell = useDebouncedCallback((text: string) => {
    setSent(text.trim());
    onSearch(text.trim());
  }, pause);
  return (
    <TextInput
      type="search"
      className={classes.search ?? ""}
      aria-label={t("users.searchLabel")}
      placeholder={t("users.search")}
      leftSection={<IconSearch size={16} stroke={1.5} aria-hidden="true" />}
      rightSection={typed === "" ? <kbd className={classes.key}>/</kbd> : null}
      value={typed}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}

function FirstLoad() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery);
  return status && !status.loaded ? (
    <span className={classes.loading}> · {t("users.stillLoading")}</span>
  ) : null;
}

function NobodyHere({ asked, onAsk }: { asked: UsersSearch; onAsk: (to: UsersSearch) => void }) {
  const { t } = useTranslation();
  const { data: connections } = useQuery(connectionsQuery);
  if (asked.search) {
    return (
      <EmptyState
        drawing="search"
        title={t("users.notFound.title", { search: asked.search })}
        text={t("users.notFound.text")}
        action={
          <Button variant="default" onClick={() => onAsk(asked.unsynced ? { unsynced: true } : {})}>
            {t("users.notFound.action")}
          </Button>
        }
      />
    );
  }
  if (asked.unsynced) {
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
