// The glyph of a way to log in; the same one everywhere.
import {
  IconDeviceDesktop,
  IconDeviceMobile,
  IconInfinity,
  IconMessage2,
  IconQrcode,
  IconRocket,
  IconUserPlus,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { ConnectionKind } from "@/ipc/bindings";

import classes from "./KindGlyph.module.css";

const glyphs = {
  "wechat:pc": IconDeviceDesktop,
  "wechat:webpage-authorization": IconMessage2,
  "wechat:miniprogram:default": IconInfinity,
  "wechat:miniprogram:qrconnect": IconQrcode,
  "wechat:miniprogram:app-launch": IconRocket,
  "wechat:mobile": IconDeviceMobile,
  "wechatmp-qrcode": IconUserPlus,
} satisfies Record<ConnectionKind, unknown>;

interface KindGlyphProps {
  kind: ConnectionKind;
  size?: number;
  /** Without words beside it the glyph names itself. */
  alone?: boolean;
}

export function KindGlyph({ kind, size = 16, alone = false }: KindGlyphProps) {
  const { t } = useTranslation();
  const Glyph = glyphs[kind];
  const name = t(`common.kinds.${kind}.name`);
  return (
    <span
      className={classes.glyph}
      {...(alone ? { role: "img", "aria-label": name, title: name } : { "aria-hidden": true })}
    >
      <Glyph size={size} stroke={1.5} />
    </span>
  );
}
