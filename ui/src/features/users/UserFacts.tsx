// What tells one user from another of the same name: status, id, since when.
import { Trans, useTranslation } from "react-i18next";

import { Identifier } from "@/components/Identifier";
import { RelativeTime } from "@/components/RelativeTime";
import { StatusDot } from "@/components/StatusDot";
import type { UserDetail } from "@/ipc/bindings";

export function UserFacts({ user }: { user: Pick<UserDetail, "id" | "status" | "created_at"> }) {
  const { t } = useTranslation();
  return (
    <>
      <StatusDot tone={user.status === "active" ? "healthy" : "broken"}>
        {t(`users.status.${user.status}`)}
      </StatusDot>
      <Identifier value={user.id} what={t("users.detail.id")} />
      <span>
        <Trans i18nKey="users.detail.created" components={{ time: <RelativeTime at={user.created_at} /> }} />
      </span>
    </>
  );
}
