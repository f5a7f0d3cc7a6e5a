// The colours of look and feel, and the ten-step scales generated from them. The only file that names colours.
import type { MantineColorsTuple } from "@mantine/core";

/** The tokens, light and dark. */
export const tokens = {
  light: {
    accent: "#C03A2B",
    accentHover: "#A93224",
    onAccent: "#FFFFFF",
    healthy: "#2F7D5B",
    waiting: "#A86A12",
    waitingText: "#96600F",
    broken: "#8E2A1E",
    slate: "#5B6470",
    wechat: "#07833F",
    paper: "#FBFAF7",
    surface: "#FFFFFF",
    sunken: "#F6F3ED",
    ink: "#1F2328",
    muted: "#6B6F76",
    hairline: "#E6E2DA",
    hairlineStrong: "#CFC9BE",
  },
  dark: {
    accent: "#E06A5B",
    accentHover: "#EA8073",
    onAccent: "#1B0F0D",
    healthy: "#5FB58E",
    waiting: "#D9A441",
    waitingText: "#D9A441",
    broken: "#F08B7C",
    slate: "#9AA6B2",
    wechat: "#43C27A",
    paper: "#14171A",
    surface: "#1C2024",
    sunken: "#171A1E",
    ink: "#E6E4DF",
    muted: "#9AA0A6",
    hairline: "#2B3036",
    hairlineStrong: "#434A52",
  },
} as const;

/** One token of a scheme. */
export type Token = keyof (typeof tokens)["light"];

type Channels = readonly [number, number, number];

const channels = (hex: string): Channels => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
];

/** The colour `share` of the way from one to the other. */
export function blend(from: string, to: string, share: number): string {
  const [a, b] = [channels(from), channels(to)];
  const mixed = a.map((value, index) => Math.round(value + ((b[index] ?? 0) - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Ten steps from nearly white to nearly black, with the light scheme's tone at 6 and the dark scheme's at 4. */
export function scale(light: string, dark: string): MantineColorsTuple {
  return [
    blend("#ffffff", dark, 0.1),
    blend("#ffffff", dark, 0.24),
    blend("#ffffff", dark, 0.48),
    blend("#ffffff", dark, 0.74),
    dark.toLowerCase(),
    blend(dark, light, 0.5),
    light.toLowerCase(),
    blend(light, "#000000", 0.14),
    blend(light, "#000000", 0.32),
    blend(light, "#000000", 0.5),
  ];
}

/** Mantine paints what is not ours to paint with its greys; these are ours, from lightest to darkest. */
const greys: MantineColorsTuple = [
  tokens.light.paper,
  tokens.light.sunken,
  blend(tokens.light.sunken, tokens.light.hairline, 0.6),
  tokens.light.hairline,
  tokens.light.hairlineStrong,
  blend(tokens.light.hairlineStrong, tokens.light.muted, 0.35),
  blend(tokens.light.hairlineStrong, tokens.light.muted, 0.7),
  tokens.light.muted,
  blend(tokens.light.muted, tokens.light.ink, 0.6),
  tokens.light.ink,
];

const darks: MantineColorsTuple = [
  tokens.dark.ink,
  blend(tokens.dark.ink, tokens.dark.muted, 0.5),
  tokens.dark.muted,
  blend(tokens.dark.muted, tokens.dark.hairlineStrong, 0.5),
  tokens.dark.hairlineStrong,
  tokens.dark.hairline,
  tokens.dark.surface,
  tokens.dark.paper,
  blend(tokens.dark.paper, "#000000", 0.22),
  blend(tokens.dark.paper, "#000000", 0.45),
];

/** Scales that Mantine components take by name. */
export const scales = {
  cinnabar: scale(tokens.light.accent, tokens.dark.accent),
  jade: scale(tokens.light.healthy, tokens.dark.healthy),
  amber: scale(tokens.light.waiting, tokens.dark.waiting),
  slate: scale(tokens.light.slate, tokens.dark.slate),
  gray: greys,
  dark: darks,
};
