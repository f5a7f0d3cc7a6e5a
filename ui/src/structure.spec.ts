import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { expect, it } from "vitest";

import { en } from "@/i18n/en";
import { zhCN } from "@/i18n/zh-CN";

const root = join(import.meta.dirname, "..");

function files(folder: string, ends: RegExp): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ends.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") }));
}

const sources = files(join(root, "src"), /\.(ts|tsx|css)$/).filter(({ path }) => !/\.spec\.tsx?$/.test(path));
const pathsWith = (pattern: RegExp) =>
  sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

it("reaches the window through one folder", () => {
  const reaching = pathsWith(/from "@tauri-apps\//);
  expect(reaching).toContain("src/ipc/host.ts");
  expect(reaching.filter((path) => !/^src\/ipc\/[a-z]+\.ts$/.test(path))).toEqual([]);
});

it("knows the backend in memory in that folder and in tests alone", () => {
  const naming = pathsWith(/(from|import\() ?"[^"]*\/fake\//);
  expect(naming.filter((path) => !path.startsWith("src/testing/"))).toEqual([]);
});

it("leaves the backend in memory out of the window's bundle", () => {
  const out = mkdtempSync(join(tmpdir(), "yaopai-bundle-"));
  try {
    const vite = join(root, "node_modules/vite/bin/vite.js");
    // The mode of these tests must not leak into the build.
    const { NODE_ENV: _mode, VITEST: _vitest, ...env } = process.env;
    execFileSync(process.execPath, [vite, "build", "--outDir", out, "--emptyOutDir", "--logLevel", "error"], {
      cwd: root,
      env,
    });
    const bundle = files(out, /\.js$/).map(({ text }) => text);
    expect(bundle.join("")).toContain("plugin:console|users");
    for (const text of bundle) expect(text).not.toMatch(/yaopaiFake|deadbeefdeadbeef/);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}, 120_000);

it("names colours in the palette alone", () => {
  const painted = sources
    .filter(({ path }) => /^src\/(components|features|forms|table|routes)\//.test(path))
    .filter(({ text }) =>
      /#[0-9a-fA-F]{6}\b|\b(rgba?|hsla?|oklch)\(/.test(text.replaceAll(/`[^`]*`|\/\/.*/g, "")),
    );
  expect(painted.map(({ path }) => path)).toEqual([]);
});

it("never writes markup of others into the page", () => {
  expect(pathsWith(/dangerouslySetInnerHTML|\.innerHTML\b|\.outerHTML\b/)).toEqual([]);
});

it("fetches no font, script or picture from elsewhere", () => {
  const page = readFileSync(join(root, "index.html"), "utf8");
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(pathsWith(/@import\s+url|url\(\s*["']?(https?:)?\/\//)).toEqual([]);
});

it("exports by default nowhere", () => {
  expect(pathsWith(/^export default/m)).toEqual([]);
});

it("keeps every file short enough to read at once", () => {
  const long = sources.filter(
    ({ path, text }) => path !== "src/ipc/bindings.ts" && text.split("\n").length > 320,
  );
  expect(long.map(({ path }) => path)).toEqual([]);
});

/** `a.b` → text, for every phrase. */
function phrases(words: object, prefix = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[prefix + key, value]] : phrases(value as object, `${prefix}${key}.`),
  );
}

const holes = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted().join(" ");

it("fills the same holes in both languages", () => {
  const chinese = new Map(phrases(zhCN));
  // Chinese has no singular, and a plural may name its number in another way.
  const differing = phrases(en)
    .filter(([key]) => !/_(one|other)$/.test(key))
    .filter(([key, text]) => holes(text) !== holes(chinese.get(key) ?? "missing"))
    .map(([key]) => key);
  expect(differing).toEqual([]);
});

it("writes Chinese in Chinese, without exclamation marks or pleading in either language", () => {
  const names = /\{\{\w+\}\}|AppSecret|OpenID|UnionID|redirect_uri/g;
  const latin = phrases(zhCN).filter(
    ([, text]) => /[a-z]{4,}/.test(text.replaceAll(names, "")) && !/[\u4E00-\u9FFF]/.test(text),
  );
  expect(latin).toEqual([]);
  const loud = [...phrases(en), ...phrases(zhCN)].filter(([, text]) => /[!！]|\bplease\b/i.test(text));
  expect(loud).toEqual([]);
});
