import { describe, expect, it } from "vitest";

import { countdown, relative } from "./time";

const now = 1_000_000_000_000;

describe("relative", () => {
  it.each([
    [30_000, "en", null],
    [60_000, "en", "1 minute ago"],
    [3 * 3_600_000, "en", "3 hours ago"],
    [3 * 3_600_000, "zh-CN", "3 小时前"],
    [86_400_000, "zh-CN", "昨天"],
    [400 * 86_400_000, "en", "last year"],
  ])("%i ms before, in %s: %s", (before, language, words) => {
    expect(relative(now - before, now, language)).toBe(words);
  });
});

describe("countdown", () => {
  it.each([
    [65_000, "1:05"],
    [64_001, "1:05"],
    [0, "0:00"],
    [-5_000, "0:00"],
  ])("%i ms: %s", (left, shown) => {
    expect(countdown(left)).toBe(shown);
  });
});
