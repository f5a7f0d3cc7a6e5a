import { expect, it } from "vitest";

import { chance, pick } from "@/ipc/fake/random";

import { asText, isJson, readable } from "./jsonText";

it.each([
  ["gold", '"gold"'],
  ["  two words ", '"two words"'],
  ['say "hi"', '"say \\"hi\\""'],
  ["金卡", '"金卡"'],
])("offers %s as the text %s", (typed, text) => {
  expect(asText(typed)).toBe(text);
});

it.each(["", "   ", "12", "true", "null", '"gold"', '{"a":1}', "{broken", "[1,", '"gold'])(
  "offers nothing for %j",
  (typed) => {
    expect(asText(typed)).toBeNull();
  },
);

it("keeps every digit of a long number", () => {
  const json = `{"order":12345678901234567890,"share":1.000000000000000000001,"note":"a, b: [c] {d}"}`;
  expect(readable(json)).toContain("12345678901234567890");
  expect(readable(json)).toContain("1.000000000000000000001");
  expect(readable(json)).toContain('"a, b: [c] {d}"');
  expect(readable(json).split("\n")).toHaveLength(5);
});

it("leaves short values and what is not JSON as they are", () => {
  expect(readable('{"city":"杭州"}')).toBe('{"city":"杭州"}');
  expect(readable("not json ".repeat(9))).toBe("not json ".repeat(9));
});

const next = chance(3);

function anyValue(depth: number): unknown {
  const kind = depth === 0 ? next() * 4 : next() * 6;
  if (kind < 1) return Math.round(next() * 1e6) / 100;
  if (kind < 2) return pick(next, ["", 'quote " and \\ slash', "[a, b]", "杭州 🌙", "line\nbreak", '\\"']);
  if (kind < 3) return next() < 0.5;
  if (kind < 4) return null;
  const parts = Array.from({ length: Math.floor(next() * 4) }, () => anyValue(depth - 1));
  return kind < 5 ? parts : Object.fromEntries(parts.map((part, index) => [`key ${index}`, part]));
}

it("means the same on several lines", () => {
  for (let round = 0; round < 400; round++) {
    const json = JSON.stringify(anyValue(4));
    const lines = readable(json);
    expect(isJson(lines)).toBe(true);
    expect(JSON.parse(lines)).toEqual(JSON.parse(json));
  }
});
