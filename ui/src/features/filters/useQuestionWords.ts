// A question in words, for where it is only told and not asked.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { daysOf, spanOf, type UsersSearch } from "@/features/users/question";
import { knownConnectionsQuery } from "@/ipc/queries";

import { daysInWords } from "./daysInWords";

/** What narrows the list, each thing by its name. */
export function useQuestionWords(asked: UsersSearch): { name: string; value: string }[] {
  const { t } = useTranslation();
  const { data: connections } = useQuery(knownConnectionsQuery);
  const connection = connections?.find(({ id }) => id === asked.connection);
  const deleted = connections && t("users.detail.deletedConnection");
  const days = (text: string | undefined) => {
    const span = spanOf(text);
    if (span) return t(`filters.spans.${span}`);
    const given = daysOf(text);
    return given && daysInWords(t, given);
  };
  const words: [string, string | undefined][] = [
    [t("filters.search"), asked.search],
    [t("filters.connection"), asked.connection && (connection?.display_name ?? deleted)],
    ["UnionID", asked.union && t(`filters.union.${asked.union}`)],
    [t("users.columns.status"), asked.status && t(`users.status.${asked.status}`)],
    [t("users.columns.created"), days(asked.created)],
    [t("users.columns.lastSeen"), days(asked.seen)],
    [t("users.columns.sync"), asked.sync && t(`filters.sync.${asked.sync}`)],
  ];
  return words.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}
