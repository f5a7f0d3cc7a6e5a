// The columns of the user list.
import { createColumnHelper } from "@tanstack/react-table";
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import type { UserRow } from "@/ipc/bindings";
import type { Column, features } from "@/table/VirtualTable";

import { Avatar } from "./Avatar";
import { BindingChip } from "./BindingChip";
import { phoneText } from "./phoneText";
import { SyncMark } from "./SyncMark";

import classes from "./UsersPage.module.css";

type ColumnName = "person" | "status" | "wechatId" | "bindings" | "phone" | "lastSeen" | "created" | "sync";

function Heading({ name }: { name: ColumnName }) {
  const { t } = useTranslation();
  return t(`users.columns.${name}`);
}

function Person({ user }: { user: UserRow }) {
  const { t } = useTranslation();
  return (
    <span className={classes.person}>
      <Avatar id={user.id} name={user.name} url={user.avatar_url} />
      {user.name ? (
        <span className={classes.name}>{user.name}</span>
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

export const columns: Column<UserRow>[] = [
  column("person", (user) => <Person user={user} />),
  column("status", (user) => <Status user={user} />),
  column(
    "wechatId",
    (user) => user.wechat_id && <Identifier value={user.wechat_id} what="UnionID / OpenID" />,
  ),
  column("bindings", (user) =>
    user.bindings.map((chip, index) => (
      // A person can have two bindings of one kind, and chips have no id of their own.
      // oxlint-disable-next-line react/no-array-index-key
      <BindingChip key={index} {...chip} />
    )),
  ),
  column("phone", (user) => user.phone && phoneText(user.phone)),
  column("lastSeen", (user) => <RelativeTime at={user.last_seen} />),
  column("created", (user) => <RelativeTime at={user.created_at} />),
  column("sync", (user) => <SyncMark mark={user.sync} quiet />),
];
