// Mantine in the words of look and feel: scales, sizes, and the CSS variables that components use.
import {
  ActionIcon,
  Button,
  createTheme,
  Input,
  mergeThemeOverrides,
  Modal,
  Notification,
  SegmentedControl,
  Switch,
  Tooltip,
  type CSSVariablesResolver,
} from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { createElement } from "react";

import { scales, tokens, type Token } from "./palette";

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `--y-accent`, `--y-paper` … for one scheme. */
function variables(scheme: Record<Token, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(scheme).map(([name, value]) => [`--y-${kebab(name)}`, value]));
}

/** The tokens as CSS variables, and Mantine's own variables set from them. */
export const cssVariables: CSSVariablesResolver = () => {
  const own = (scheme: Record<Token, string>) => ({
    ...variables(scheme),
    "--mantine-color-body": scheme.paper,
    "--mantine-color-text": scheme.ink,
    "--mantine-color-dimmed": scheme.muted,
    "--mantine-color-placeholder": scheme.muted,
    "--mantine-color-default": scheme.surface,
    "--mantine-color-default-hover": scheme.sunken,
    "--mantine-color-default-color": scheme.ink,
    "--mantine-color-default-border": scheme.hairlineStrong,
    "--mantine-color-error": scheme.broken,
    "--mantine-color-anchor": scheme.accent,
    "--mantine-primary-color-filled": scheme.accent,
    "--mantine-primary-color-filled-hover": scheme.accentHover,
    "--mantine-primary-color-contrast": scheme.onAccent,
    "--mantine-color-cinnabar-filled": scheme.accent,
    "--mantine-color-cinnabar-filled-hover": scheme.accentHover,
  });
  return { variables: {}, light: own(tokens.light), dark: own(tokens.dark) };
};

/** Sizes, type and the defaults of Mantine's components. */
const theme = createTheme({
  colors: scales,
  primaryColor: "cinnabar",
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  fontFamily: 'Inter, system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "JetBrains Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.45", sm: "1.45", md: "1.45", lg: "1.4", xl: "1.3" },
  fontWeights: { regular: "400", medium: "500", bold: "600" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "20px", xl: "32px" },
  radius: { xs: "3px", sm: "5px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "sm",
  shadows: {
    xs: "none",
    sm: "none",
    md: "var(--y-shadow)",
    lg: "var(--y-shadow)",
    xl: "var(--y-shadow)",
  },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "16px", lineHeight: "1.4" }, h2: { fontSize: "13px" } },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Button: Button.extend({
      vars: (_theme, { variant = "filled" }) => ({
        root: {
          "--button-height": "30px",
          "--button-padding-x": "12px",
          "--button-fz": "13px",
          ...(variant === "filled" ? { "--button-color": "var(--y-on-accent)" } : {}),
        },
      }),
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 26 } }),
    Input: Input.extend({
      vars: () => ({
        wrapper: { "--input-height": "30px", "--input-fz": "13px", "--input-padding": "10px" },
      }),
    }),
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { inputWrapperOrder: ["label", "input", "description", "error"] },
      vars: () => ({
        label: { "--input-label-size": "13px", "--input-asterisk-color": "var(--y-muted)" },
        description: { "--input-description-size": "12px" },
        error: { "--input-error-size": "12px" },
        success: {},
      }),
    }),
    Switch: Switch.extend({ defaultProps: { size: "sm", color: "jade", withThumbIndicator: false } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: "sm" } }),
    Notification: Notification.extend({
      defaultProps: { color: "jade", icon: createElement(IconCheck, { size: 16, stroke: 1.5 }) },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, transitionProps: { duration: 80 } } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, transitionProps: { duration: 120, transition: "fade" } },
      styles: {
        content: { background: "var(--y-surface)" },
        header: { background: "var(--y-surface)" },
        title: { fontWeight: 600 },
      },
    }),
  },
});

/** The theme in a language: dialogs name the button that closes them. */
export const themeIn = (close: string) =>
  mergeThemeOverrides(theme, {
    components: { Modal: Modal.extend({ defaultProps: { closeButtonProps: { "aria-label": close } } }) },
  });
