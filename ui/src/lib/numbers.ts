// Numbers as people read them.
import { useTranslation } from "react-i18next";

/** Writes a whole number with its thousands grouped. */
export function useGrouped(): (count: number) => string {
  const { i18n } = useTranslation();
  return (count) => new Intl.NumberFormat(i18n.language).format(count);
}
