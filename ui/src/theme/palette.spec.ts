import { describe, expect, it } from "vitest";

import { scale, tokens, type Token } from "./palette";

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(["light", "dark"] as const)("contrast in %s", (scheme) => {
  const words: Token[] = ["ink", "muted", "accent", "healthy", "waitingText", "broken", "slate", "wechat"];
  it.each(words.flatMap((word) => (["paper", "surface"] as const).map((under) => [word, under] as const)))(
    "%s on %s can be read",
    (word, under) => {
      expect(contrast(tokens[scheme][word], tokens[scheme][under])).toBeGreaterThanOrEqual(4.5);
    },
  );

  it("keeps quiet words readable on sunken ground", () => {
    expect(contrast(tokens[scheme].muted, tokens[scheme].sunken)).toBeGreaterThanOrEqual(4.5);
  });

  it("can be read on the primary button, also under the pointer", () => {
    const { accent, accentHover, onAccent } = tokens[scheme];
    expect(contrast(onAccent, accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onAccent, accentHover)).toBeGreaterThanOrEqual(4.5);
  });
});

describe("scale", () => {
  it("has the two schemes' tones where the theme takes them", () => {
    const steps = scale("#C03A2B", "#E06A5B");
    expect(steps).toHaveLength(10);
    expect(steps[6]).toBe("#c03a2b");
    expect(steps[4]).toBe("#e06a5b");
  });
});
