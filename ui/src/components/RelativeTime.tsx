// A moment as "3 minutes ago", with the exact time in the tooltip.
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { exact, relative, useNow } from "@/lib/time";

export function RelativeTime({ at }: { at: number | null }) {
  const { t, i18n } = useTranslation();
  const now = useNow(20_000);
  if (at === null) return <span>{t("common.never")}</span>;
  return (
    <Tooltip label={exact(at, i18n.language)}>
      <time dateTime={new Date(at).toISOString()}>
        {relative(Math.min(at, now), now, i18n.language) ?? t("common.justNow")}
      </time>
    </Tooltip>
  );
}
