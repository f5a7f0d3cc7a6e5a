// The ways a person can log in: one card for each WeChat identity.
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { RelativeTime } from "@/components/RelativeTime";
import type { Binding, UserDetail } from "@/ipc/bindings";

import { BindingChip } from "./BindingChip";
import { Unbind } from "./Unbind";

import classes from "./UserPanel.module.css";

export function Bindings({ user }: { user: UserDetail }) {
  const { t } = useTranslation();
  if (user.bindings.length === 0) return <p className={classes.none}>{t("users.detail.noBindings")}</p>;
  return user.bindings.map((binding) => <BindingCard key={binding.id} user={user} binding={binding} />);
}

function BindingCard({ user, binding }: { user: UserDetail; binding: Binding }) {
  const { t } = useTranslation();
  return (
    <div className={classes.binding}>
      <div className={classes.bindingHead}>
        <BindingChip kind={binding.kind} has_union_id={binding.union_id !== null} />
        <span>{binding.connection ?? t("users.detail.deletedConnection")}</span>
        <span className={classes.kind}>{t(`common.kinds.${binding.kind}.name`)}</span>
        <span className={classes.unbind}>
          <Unbind user={user} binding={binding} />
        </span>
      </div>
      <dl className={classes.fields}>
        <dt>AppID</dt>
        <dd>
          <Identifier value={binding.app_id} what="AppID" whole />
        </dd>
        <dt>OpenID</dt>
        <dd>
          <Identifier value={binding.open_id} what="OpenID" whole />
        </dd>
        <dt>UnionID</dt>
        <dd>
          {binding.union_id ? (
            <Identifier value={binding.union_id} what="UnionID" whole />
          ) : (
            <span className={classes.none}>{t("users.detail.noUnionId")}</span>
          )}
        </dd>
        <dt>{t("users.detail.firstSeen")}</dt>
        <dd>
          <RelativeTime at={binding.first_seen} />
        </dd>
        <dt>{t("users.detail.lastSeen")}</dt>
        <dd>
          <RelativeTime at={binding.last_seen} />
        </dd>
      </dl>
    </div>
  );
}
