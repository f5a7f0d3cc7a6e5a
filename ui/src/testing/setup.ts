// What every test has: matchers, both languages, and the parts of a browser that happy-dom lacks.
import "@testing-library/jest-dom/vitest";
import { notifications } from "@mantine/notifications";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";

import { startI18n } from "@/i18n/i18n";

globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView ??= () => {};
// No font arrives late.
Object.defineProperty(document, "fonts", { configurable: true, value: new EventTarget() });
// Nothing is laid out; long lists ask how much of them would be seen.
Object.defineProperties(HTMLElement.prototype, {
  clientWidth: { configurable: true, get: () => 1080 },
  clientHeight: { configurable: true, get: () => 320 },
});

// Two busy cores are slower than a reader.
configure({ asyncUtilTimeout: 8_000 });

startI18n("en");
beforeEach(() => {
  localStorage.clear();
});
afterEach(() => {
  // What pops up is held outside of any window, and would show in the next one.
  notifications.clean();
  notifications.cleanQueue();
  cleanup();
});
