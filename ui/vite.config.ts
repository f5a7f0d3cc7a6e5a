import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/**
 * The one switch between the window and a browser: in `fake` mode and in tests, `@/ipc/host` is the backend in memory.
 * Nothing else may name it, so that it cannot reach the window.
 */
const fakeHost = { find: /^@\/ipc\/host$/, replacement: source("ipc/fake/host.ts") };

export default defineConfig(({ mode }) => {
  const fake = mode === "fake" || mode === "test";
  return {
    plugins: [react()],
    resolve: { alias: [...(fake ? [fakeHost] : []), { find: /^@\//, replacement: source("") }] },
    server: { port: 1420, strictPort: true, host: "127.0.0.1" },
    build: {
      // WebKitGTK 2.40 and newer, WebView2, macOS 13.
      target: ["safari16.4", "chrome110"],
      outDir: mode === "fake" ? "dist-fake" : "dist",
      chunkSizeWarningLimit: 1500,
    },
    test: {
      environment: "happy-dom",
      include: ["src/**/*.spec.{ts,tsx}"],
      setupFiles: ["src/testing/setup.ts"],
      css: false,
      testTimeout: 60_000,
      alias: [
        // One file instead of five thousand modules.
        { find: "@tabler/icons-react", replacement: "@tabler/icons-react/dist/cjs/tabler-icons-react.cjs" },
      ],
    },
  };
});
