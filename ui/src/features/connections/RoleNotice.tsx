// Says what the operator's role leaves out, where the thing would be; nothing for an administrator.
import { useTranslation } from "react-i18next";

import { Notice } from "@/components/Notice";
import { useRights } from "@/lib/rights";

export function RoleNotice() {
  const { t } = useTranslation();
  const { role } = useRights();
  if (role !== "support" && role !== "viewer") return null;
  return (
    <Notice tone="neutral" title={t("connections.rights.title")}>
      {t(`connections.rights.${role}`)}
    </Notice>
  );
}
