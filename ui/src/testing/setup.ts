// What every test has: matchers, both languages, and the parts of a browser that happy-dom lacks.
import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";

import { startI18n } from "@/i18n/i18n";

globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView ??= () => {};

startI18n("en");
beforeEach(() => {
  localStorage.clear();
});
afterEach(cleanup);
