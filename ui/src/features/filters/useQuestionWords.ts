// A question in words, for where it is only told and not asked.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { daysOf, type UsersSearch } from "@/features/users/question";
import { connectionsQuery } from "@/ipc/queries";

import { daysInWords } from "./daysInWords";

/** What narrows the list, each thing by its name. */
export function useQuestionWords(asked: UsersSearch): { name: string; value: string }[] {
  const { t } = useTranslation();
  const { data: connections = [] } = useQuery(connectionsQuery);
  const connection = connections.find(({ id }) => id === asked.connection);
  const days = (text: string | undefined) => {
    const given = daysOf(text);
    return given && daysInWords(t, given);
  };
  const words: [string, string | undefined][] = [
    [t("filters.search"), asked.search],
    [
      t("filters.connection"),
      asked.connection && (connection?.display_name ?? t("users.detail.deletedConnection")),
    ],
    ["UnionID", asked.union && t(`filters.union.${asked.union}`)],
    [t("users.columns.status"), asked.status && t(`users.status.${asked.status}`)],
    [t("users.columns.created"), days(asked.created)],
    [t("users.columns.lastSeen"), days(asked.seen)],
    [t("users.columns.sync"), asked.sync && t(`filters.sync.${asked.sync}`)],
  ];
  return words.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}
