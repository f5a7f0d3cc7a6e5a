// Sets up the two languages and follows the operator's choice at run time.
import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";

import { en } from "./en";
import { zhCN } from "./zh-CN";

/** The languages of the window. */
export const languages = ["en", "zh-CN"] as const;

/** One of the languages. */
export type Language = (typeof languages)[number];

/** What each language calls itself. */
export const languageNames: Record<Language, string> = { en: "English", "zh-CN": "简体中文" };

const stored = "yaopai.language";

/** The language to begin with: the last choice, or else the system's. */
export function firstLanguage(storage: Pick<Storage, "getItem">, system: readonly string[]): Language {
  const chosen = storage.getItem(stored);
  if (chosen === "en" || chosen === "zh-CN") return chosen;
  return system[0]?.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

/** Starts i18next in a language; the document's `lang` follows every change. */
export function startI18n(language: Language): i18n {
  i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    defaultNS: "words",
    ns: ["words"],
    nsSeparator: false,
    resources: { en: { words: en }, "zh-CN": { words: zhCN } },
    interpolation: { escapeValue: false },
    returnNull: false,
    initAsync: false,
  });
  document.documentElement.lang = language;
  return i18next;
}

/** Changes the language at once and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(stored, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

/** The language in use. */
export function currentLanguage(): Language {
  return i18next.language === "zh-CN" ? "zh-CN" : "en";
}
