// A start that failed: what happened, what it means, what to do, on a page of its own.
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { BadgeMark } from "@/components/BadgeMark";
import { CopyButton } from "@/components/CopyButton";
import type { StartupProblem } from "@/ipc/bindings";
import { commands } from "@/ipc/host";

import classes from "./StartupFailure.module.css";

interface StartupFailureProps {
  problem: StartupProblem;
  /** The file or address it is about. */
  subject: string;
  detail: string;
}

const startsEmpty: ReadonlySet<StartupProblem> = new Set(["newer_backend", "damaged_backend"]);

export function StartupFailure({ problem, subject, detail }: StartupFailureProps) {
  const { t } = useTranslation();
  const words = (part: "title" | "meaning" | "advice") => t(`frame.startup.problems.${problem}.${part}`);
  const title = words("title");
  useEffect(() => {
    document.title = `${title} · Yaopai 腰牌`;
  }, [title]);
  return (
    <main className={classes.page} data-testid="startup-failure" data-problem={problem}>
      <div className={classes.card}>
        <BadgeMark size={40} />
        <p className={classes.heading}>{t("frame.startup.heading")}</p>
        <h1 className={classes.title}>{title}</h1>
        <p>{words("meaning")}</p>
        {subject && (
          <p className={classes.subject}>
            <span className={classes.label}>{t("frame.startup.subject")}</span>
            <code>{subject}</code>
          </p>
        )}
        <p className={classes.advice}>{words("advice")}</p>
        {detail && <pre className={classes.detail}>{detail}</pre>}
        <div className={classes.actions}>
          {/* Starting again begins with empty data: that is a choice, not the way on. */}
          <Button
            variant={startsEmpty.has(problem) ? "default" : "filled"}
            onClick={() => commands.restart()}
          >
            {t("frame.startup.restart")}
          </Button>
          <CopyButton
            text={`${problem}\n${subject}\n${detail}`}
            what={t("common.details")}
            label={t("common.copyDetails")}
          />
        </div>
      </div>
    </main>
  );
}
