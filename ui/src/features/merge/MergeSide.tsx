// One of the two users of a merge, with the ways they log in.
import { useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { BindingChip } from "@/features/users/BindingChip";
import { UserFacts } from "@/features/users/UserFacts";
import { Who } from "@/features/users/Who";
import type { MergeUser, Side } from "@/ipc/bindings";

import classes from "./MergeDialog.module.css";

export function MergeSide({ side, user }: { side: Side; user: MergeUser }) {
  const { t } = useTranslation();
  return (
    <section className={classes.side} aria-label={t(`merge.${side}`)} data-testid={`merge-${side}`}>
      <h3 className={classes.heading}>{t(`merge.${side}`)}</h3>
      <Who
        id={user.id}
        name={user.name}
        url={user.avatar_url}
        title={user.name ?? t("users.unnamed")}
        as="div"
      >
        <UserFacts user={user} />
      </Who>
      {user.bindings.length === 0 && <p className={classes.facts}>{t("users.detail.noBindings")}</p>}
      <ul className={classes.bindings}>
        {user.bindings.map((binding) => (
          <li key={binding.id} className={classes.binding}>
            <BindingChip kind={binding.kind} has_union_id={binding.union_id !== null} />
            <span>{binding.connection ?? t("users.detail.deletedConnection")}</span>
            <Identifier value={binding.open_id} what="OpenID" />
          </li>
        ))}
      </ul>
    </section>
  );
}
