// Long work in words.
import { useTranslation } from "react-i18next";

import type { Job } from "@/ipc/bindings";

/** The last part of a path. */
const fileName = (path: string): string => path.split(/[/\\]/).at(-1) ?? path;

/** What a job does. */
export function useJobTitle(): (job: Job) => string {
  const { t } = useTranslation();
  return ({ kind, file }) => t(`jobs.kinds.${kind}`, { file: fileName(file ?? "") });
}

/** How far a job is in its phase, in whole percents; absent as long as nobody knows how much there is. */
export function percentOf({ done, total }: Job): number | null {
  // A phase that has only just begun has not counted yet.
  return total ? Math.min(100, Math.floor((done / total) * 100)) : null;
}
