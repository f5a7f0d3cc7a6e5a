// Moments in words: relative for people, exact for tickets.
import type { TFunction } from "i18next";
import { useEffect, useState } from "react";

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `3 minutes ago`; absent under a minute, which callers call "just now". */
export function relative(at: number, now: number, language: string): string | null {
  const seconds = (at - now) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size)
      return spaced(
        new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit),
      );
  }
  return null;
}

/** Chinese words stand apart from digits: `3 小时前`. */
const spaced = (words: string): string => words.replaceAll(/(\d)(?=\p{Script=Han})/gu, "$1 ");

/** Date and time to the second, in the machine's zone. */
export function exact(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

/** About how long: `40 s`, `3 min`, `2 h 5 min`. */
export function duration(seconds: number, t: TFunction): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return t("common.duration.seconds", { seconds: Math.max(1, Math.ceil(seconds)) });
  if (minutes < 60) return t("common.duration.minutes", { minutes });
  return t("common.duration.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** `1:05` for 65 seconds; never below zero. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The current time, renewed at an interval while mounted. */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
