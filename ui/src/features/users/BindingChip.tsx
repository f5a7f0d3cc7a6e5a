// A binding in one glyph: filled when the UnionID is known, hollow when there is only an OpenID.
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import type { BindingChip as Chip } from "@/ipc/bindings";

import classes from "./BindingChip.module.css";

export function BindingChip({ kind, has_union_id }: Chip) {
  const { t } = useTranslation();
  const name = t(has_union_id ? "users.chip.withUnionId" : "users.chip.openIdOnly", {
    kind: t(`common.kinds.${kind}.name`),
  });
  return (
    <span className={classes.chip} data-filled={has_union_id} title={name}>
      <KindGlyph kind={kind} size={14} />
      <span className="visually-hidden">{name}</span>
    </span>
  );
}
