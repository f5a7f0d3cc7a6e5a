// A span of days in words.
import type { TFunction } from "i18next";

import type { Days } from "@/features/users/question";

/** `since 2026-03-01`, `until …`, `… to …`, or the one day. */
export function daysInWords(t: TFunction, { from, to }: Days): string {
  if (from === undefined) return t("filters.days.until", { to });
  if (to === undefined) return t("filters.days.since", { from });
  return from === to ? from : t("filters.days.between", { from, to });
}
