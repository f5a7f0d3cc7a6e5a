// The columns of the user list.
import { createColumnHelper } from "@tanstack/react-table";
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { Marked } from "@/components/Marked";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import type { SortBy, UserRow } from "@/ipc/bindings";
import type { Column, features } from "@/table/VirtualTable";

import { Avatar } from "./Avatar";
import { BindingChip } from "./BindingChip";
import { phoneText } from "./phoneText";
import { SyncMark } from "./SyncMark";

import classes from "./UsersPage.module.css";

type ColumnName =
  | "person"
  | "status"
  | "wechatId"
  | "bindings"
  | "phone"
  | "lastSeen"
  | "created"
  | "updated"
  | "sync";

function Heading({ name }: { name: ColumnName }) {
  const { t } = useTranslation();
  return t(`users.columns.${name}`);
}

function Person({ user, search }: { user: UserRow; search: string }) {
  const { t } = useTranslation();
  return (
    <span className={classes.person}>
      <Avatar id={user.id} name={user.name} url={user.avatar_url} />
      {user.name ? (
        <span className={classes.name}>
          <Marked text={user.name} search={search} />
        </span>
      ) : (
        <span className={classes.unnamed}>{t("users.unnamed")}</span>
      )}
    </span>
  );
}

function Status({ user }: { user: UserRow }) {
  const { t } = useTranslation();
  return (
    <StatusDot tone={user.status === "active" ? "healthy" : "broken"}>
      {t(`users.status.${user.status}`)}
    </StatusDot>
  );
}

const helper = createColumnHelper<typeof features, UserRow>();

const column = (id: ColumnName, cell: (user: UserRow) => React.ReactNode) =>
  helper.display({ id, header: () => <Heading name={id} />, cell: ({ row }) => cell(row.original) });

/** The columns, with what was searched for marked in them. */
export const columnsFor = (search: string): Column<UserRow>[] => [
  column("person", (user) => <Person user={user} search={search} />),
  column("status", (user) => <Status user={user} />),
  column(
    "wechatId",
    (user) => user.wechat_id && <Identifier value={user.wechat_id} what="UnionID / OpenID" search={search} />,
  ),
  column("bindings", (user) =>
    user.bindings.map((chip, index) => (
      // A person can have two bindings of one kind, and chips have no id of their own.
      // oxlint-disable-next-line react/no-array-index-key
      <BindingChip key={index} {...chip} />
    )),
  ),
  column("phone", (user) => user.phone && <Marked text={phoneText(user.phone)} search={search} loose />),
  column("lastSeen", (user) => <RelativeTime at={user.last_seen} />),
  column("created", (user) => <RelativeTime at={user.created_at} />),
  column("updated", (user) => <RelativeTime at={user.updated_at} />),
  column("sync", (user) => <SyncMark mark={user.sync} quiet />),
];

/** What a list can be sorted by, and which way round it begins. */
export const sortable = {
  person: { by: "name", descending: false },
  status: { by: "status", descending: false },
  wechatId: { by: "wechat_id", descending: false },
  bindings: { by: "bindings", descending: true },
  phone: { by: "phone", descending: false },
  lastSeen: { by: "last_seen", descending: true },
  created: { by: "created", descending: true },
  updated: { by: "updated", descending: true },
  sync: { by: "sync", descending: false },
} as const satisfies Record<ColumnName, { by: SortBy; descending: boolean }>;
