// The code to scan: black on white in both themes, its state and its time beneath, veiled once it is of no use.
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import type { Connection, LoginAttempt, TestLoginView } from "@/ipc/bindings";
import { statusQuery } from "@/ipc/queries";
import { countdown, useNow } from "@/lib/time";

import { isFinal } from "./attemptState";
import { AttemptStateWord } from "./AttemptStateWord";
import { CodeActions } from "./CodeActions";
import { TicketButton } from "./TicketButton";

import classes from "./QrCode.module.css";

interface QrCodeProps {
  view: TestLoginView | null;
  attempt: LoginAttempt | null;
  connection: Connection;
  onRedraw: () => void;
}

export function QrCode({ view, attempt, connection, onRedraw }: QrCodeProps) {
  const { t } = useTranslation();
  const ended = attempt !== null && isFinal(attempt.state);
  const { data: sandbox = false } = useQuery({
    ...statusQuery,
    select: (status) => status.server?.wechat.type === "sandbox",
  });
  const simulated = sandbox && Boolean(view?.qr.text);
  return (
    <div className={classes.block}>
      <div className={classes.paper} data-veiled={ended}>
        {view ? (
          <img
            className={classes.code}
            src={view.qr.data_url}
            alt={t("testLogin.qrAlt")}
            data-testid="test-login-qr"
            draggable={false}
          />
        ) : (
          <Skeleton className={classes.code} radius="sm" aria-label={t("testLogin.drawing")} />
        )}
        {ended && (
          <div className={classes.veil} data-testid="test-login-veil">
            <Button onClick={onRedraw}>{t("testLogin.redraw")}</Button>
          </div>
        )}
      </div>
      {attempt && <State attempt={attempt} kind={connection.kind} simulated={simulated} />}
      {ended && <TicketButton attempt={attempt} connection={connection} />}
      {view && <CodeActions view={view} simulated={simulated} ended={ended} />}
    </div>
  );
}

interface StateProps {
  attempt: LoginAttempt;
  kind: Connection["kind"];
  simulated: boolean;
}

function State({ attempt, kind, simulated }: StateProps) {
  const { t } = useTranslation();
  const now = useNow(500);
  const waiting = attempt.state === "waiting";
  const explained =
    waiting && simulated
      ? t("testLogin.simulated")
      : waiting && kind === "wechat:miniprogram:default"
        ? t("testLogin.scanWithMiniProgram")
        : t(`testLogin.state.${attempt.state}`);
  return (
    <div className={classes.state}>
      <div className={classes.line}>
        <AttemptStateWord attempt={attempt} />
        {!isFinal(attempt.state) && (
          <span className={classes.time} data-testid="test-login-countdown">
            {t("testLogin.timeLeft", { time: countdown(attempt.expires_at - now) })}
          </span>
        )}
      </div>
      <p className={classes.help}>{explained}</p>
      {kind === "wechat:webpage-authorization" && attempt.state === "waiting" && (
        <p className={classes.help}>{t("testLogin.unseenScan")}</p>
      )}
    </div>
  );
}
