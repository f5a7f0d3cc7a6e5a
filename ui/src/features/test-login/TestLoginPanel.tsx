// The test login of a connection: the code to scan, what happens to it, and why it ended as it did.
import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { KindGlyph } from "@/components/KindGlyph";
import { Notice } from "@/components/Notice";
import { SidePanel } from "@/components/SidePanel";
import type { Connection } from "@/ipc/bindings";
import { errorView } from "@/ipc/call";

import { isFinal } from "./attemptState";
import { QrCode } from "./QrCode";
import { StartError } from "./StartError";
import { Timeline } from "./Timeline";
import { useTestLogin } from "./useTestLogin";
import { VerdictNotice } from "./VerdictNotice";

import classes from "./TestLoginPanel.module.css";

interface TestLoginPanelProps {
  connection: Connection;
  /** Whether the form beside it holds changes that the backend does not have. */
  unsaved?: boolean;
  onClose: () => void;
}

export function TestLoginPanel({ connection, unsaved = false, onClose }: TestLoginPanelProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(!connection.enabled);
  const dryRun = chosen || !connection.enabled;
  const login = useTestLogin(connection.id, dryRun);
  const { attempt, view } = login;
  const title = t("testLogin.title", { name: connection.display_name });
  return (
    <SidePanel
      label={title}
      title={
        <span className={classes.title}>
          <KindGlyph kind={connection.kind} alone />
          {title}
        </span>
      }
      onClose={onClose}
      testId="test-login"
    >
      <div className={classes.panel}>
        <div>
          <SegmentedControl
            fullWidth
            aria-label={t("testLogin.mode")}
            value={dryRun ? "dry" : "real"}
            onChange={(mode) => setChosen(mode === "dry")}
            disabled={!connection.enabled}
            data={[
              { value: "real", label: t("testLogin.real") },
              { value: "dry", label: t("testLogin.dryRun") },
            ]}
          />
          <p className={classes.help}>
            {connection.enabled
              ? t(dryRun ? "testLogin.dryRunHelp" : "testLogin.realHelp")
              : t("testLogin.onlyDryRun")}
          </p>
        </div>

        {unsaved && (
          <Notice tone="waiting" title={t("testLogin.unsaved.title")}>
            {t("testLogin.unsaved.text")}
          </Notice>
        )}
        {login.error ? <StartError view={errorView(login.error)} onRetry={login.restart} /> : null}
        {attempt?.verdict && (
          <VerdictNotice
            attempt={attempt}
            verdict={attempt.verdict}
            connection={connection}
            onAgain={login.restart}
          />
        )}
        {view && !view.reachable_from_phone && !(attempt && isFinal(attempt.state)) && (
          <Notice
            tone="waiting"
            title={t("testLogin.notReachable.title", {
              host: view.callback_host ?? t("testLogin.notReachable.unknownHost"),
            })}
          >
            {t("testLogin.notReachable.text")}
          </Notice>
        )}
        {!login.error && !attempt?.verdict && (
          <QrCode view={view} attempt={attempt} connection={connection} onRedraw={login.restart} />
        )}
        {attempt && attempt.legs.length > 0 && <Timeline attempt={attempt} />}
      </div>
    </SidePanel>
  );
}
