// The first question of a new connection: where do people log in?
import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import type { ConnectionKind } from "@/ipc/bindings";

import { kinds } from "./draft";

import classes from "./KindCards.module.css";

export function KindCards({ onChoose }: { onChoose: (kind: ConnectionKind) => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.cards}>
      {kinds.map((kind) => (
        <UnstyledButton
          key={kind}
          className={classes.card}
          onClick={() => onChoose(kind)}
          data-testid={`kind-${kind}`}
        >
          <KindGlyph kind={kind} size={22} />
          <span className={classes.words}>
            <span className={classes.name}>{t(`common.kinds.${kind}.name`)}</span>
            <span className={classes.purpose}>{t(`common.kinds.${kind}.purpose`)}</span>
            <code className={classes.wire}>{kind}</code>
          </span>
        </UnstyledButton>
      ))}
    </div>
  );
}
