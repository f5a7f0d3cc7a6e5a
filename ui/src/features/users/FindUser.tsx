// Finds one user among all by what is typed, and has them chosen.
import { TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import type { UserId, UserRow } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { shorten } from "@/lib/shorten";

import { Avatar } from "./Avatar";
import { phoneText } from "./phoneText";
import { everybody } from "./question";

import classes from "./FindUser.module.css";

const pause = 150;
const shownAtMost = 6;

interface FindUserProps {
  chosen: UserRow | null;
  onChoose: (user: UserRow | null) => void;
  /** Somebody who cannot be meant. */
  except?: UserId;
}

const foundQuery = (search: string) =>
  queryOptions({
    queryKey: ["users", "found", search],
    queryFn: () => call(commands.users({ search, ...everybody, after: null, limit: shownAtMost + 1 })),
    enabled: search !== "",
    placeholderData: keepPreviousData,
  });

export function FindUser({ chosen, onChoose, except }: FindUserProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), pause);
  const { data, error } = useQuery(foundQuery(search));
  const rows = (search === "" ? [] : (data?.rows ?? []))
    .filter((user) => user.id !== except)
    .slice(0, shownAtMost);
  return (
    <div>
      <TextInput
        type="search"
        label={t("users.find.label")}
        placeholder={t("users.search")}
        leftSection={<IconSearch size={16} stroke={1.5} aria-hidden="true" />}
        value={typed}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        data-testid="find-user"
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          onChoose(null);
        }}
      />
      {error && <ErrorNotice error={error} />}
      <div className={classes.list} role="group" aria-label={t("users.find.results")}>
        {rows.map((user) => (
          <Result key={user.id} user={user} chosen={user.id === chosen?.id} onChoose={() => onChoose(user)} />
        ))}
        {search === "" && <p className={classes.quiet}>{t("users.notFound.text")}</p>}
        {search !== "" && data && rows.length === 0 && (
          <p className={classes.quiet}>{t("users.notFound.title", { search })}</p>
        )}
        {rows.length > 0 && (data?.total ?? 0) > rows.length + 1 && (
          <p className={classes.quiet}>{t("users.find.more")}</p>
        )}
      </div>
    </div>
  );
}

interface ResultProps {
  user: UserRow;
  chosen: boolean;
  onChoose: () => void;
}

function Result({ user, chosen, onChoose }: ResultProps) {
  const { t } = useTranslation();
  const telling = user.phone ? phoneText(user.phone) : shorten(user.wechat_id ?? user.id);
  return (
    <UnstyledButton
      className={classes.result}
      aria-pressed={chosen}
      data-testid="found-user"
      data-user-id={user.id}
      onClick={onChoose}
    >
      <Avatar id={user.id} name={user.name} url={user.avatar_url} />
      <span className={classes.name}>{user.name ?? t("users.unnamed")}</span>
      <span className={classes.telling}>{telling}</span>
      {user.status === "blocked" && <span className={classes.telling}>{t("users.status.blocked")}</span>}
    </UnstyledButton>
  );
}
