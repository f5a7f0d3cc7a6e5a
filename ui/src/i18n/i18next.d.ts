// A wrong phrase key is a compile error.
import "i18next";
import type { en } from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "words";
    nsSeparator: false;
    resources: { words: typeof en };
    returnNull: false;
  }
}
