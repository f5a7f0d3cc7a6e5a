// An attempt of the past in the panel beside its list: how it ended, and every step.
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import { Notice } from "@/components/Notice";
import { RelativeTime } from "@/components/RelativeTime";
import { SidePanel } from "@/components/SidePanel";
import type { Connection, LoginAttempt } from "@/ipc/bindings";
import { exact } from "@/lib/time";

import { attemptTone } from "./AttemptStateWord";
import { TicketButton } from "./TicketButton";
import { Timeline } from "./Timeline";
import { VerdictNotice } from "./VerdictNotice";

import classes from "./TestLoginPanel.module.css";

interface AttemptPanelProps {
  attempt: LoginAttempt;
  /** The connection that was tried, unless it was deleted since. */
  connection: Connection | undefined;
  onClose: () => void;
}

export function AttemptPanel({ attempt, connection, onClose }: AttemptPanelProps) {
  const { t, i18n } = useTranslation();
  const name =
    connection?.display_name ??
    t(attempt.connection_id ? "testLogin.deletedConnection" : "testLogin.unknownConnection");
  const title = t(`testLogin.attempt.${attempt.purpose}`, { name });
  return (
    <SidePanel
      label={title}
      title={
        <span className={classes.title}>
          {attempt.kind && <KindGlyph kind={attempt.kind} alone />}
          {title}
        </span>
      }
      onClose={onClose}
      testId="attempt"
    >
      <div className={classes.panel}>
        <p className={classes.when}>
          {exact(attempt.created_at, i18n.language)} · <RelativeTime at={attempt.created_at} />
          {attempt.dry_run && ` · ${t("testLogin.dryRun")}`}
        </p>
        {attempt.verdict ? (
          <VerdictNotice attempt={attempt} verdict={attempt.verdict} connection={connection} />
        ) : (
          <Notice
            tone={attemptTone(attempt)}
            title={t(`wechat.states.${attempt.state}`)}
            actions={<TicketButton attempt={attempt} connection={connection} />}
          >
            {t(`testLogin.state.${attempt.state}`)}
          </Notice>
        )}
        {attempt.legs.length > 0 && <Timeline attempt={attempt} />}
      </div>
    </SidePanel>
  );
}
