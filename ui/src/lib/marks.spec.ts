import { expect, it } from "vitest";

import { chance, pick } from "@/ipc/fake/random";

import { around, marks } from "./marks";

const shown = (text: string, search: string, loose = false) =>
  marks(text, search, loose)
    .map((part) => (part.found ? `[${part.text}]` : part.text))
    .join("");

it.each([
  ["王小明", "小明", "王[小明]"],
  ["Hannah Weiß", "HANN", "[Hann]ah Weiß"],
  ["阿北阿北", "阿北", "[阿北阿北]"],
  ["山里的猫", "狗", "山里的猫"],
  ["Maria del Carmen", "carmen maria", "[Maria] del [Carmen]"],
  ["🌙 moon", "🌙", "[🌙] moon"],
  ["anything", "", "anything"],
])("in %j it marks %j as %s", (text, search, marked) => {
  expect(shown(text, search)).toBe(marked);
});

it.each([
  ["+86 139 1234 5678", "13912345", "+86 [139 1234 5]678"],
  ["+86 139 1234 5678", "86 139", "+[86 139] 1234 5678"],
  ["+86 139 1234 5678", "+86-139", "+[86 139] 1234 5678"],
])("in the number %j it marks %j whatever stands between the digits", (text, search, marked) => {
  expect(shown(text, search, true)).toBe(marked);
});

it("never changes the text", () => {
  const next = chance(5);
  const letters = [..."aAßİ 王小🌙+-1"];
  const some = (most: number) =>
    Array.from({ length: Math.floor(next() * most) }, () => pick(next, letters)).join("");
  for (let round = 0; round < 500; round++) {
    const text = some(20);
    const parts = marks(text, some(4), next() < 0.5);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  }
});

it("shows the part of a long text in which it was found", () => {
  expect(around("oGZUI0egBJY1zhBYw2KhdUfwVJJE", "zhby")).toBe("…Y1zhBYw2KhdUfw…".slice(0, 15) + "…");
  expect(around("oGZUI0egBJY1zhBYw2KhdUfwVJJE", "ogzu")).toBe("oGZUI0egBJY1zh…");
  expect(around("oGZUI0egBJY1zhBYw2KhdUfwVJJE", "vjje")).toBe("…Yw2KhdUfwVJJE".replace("…Y", "…BY"));
  expect(around("oGZU", "x")).toBeUndefined();
});
