// Says once that damaged local files were put aside at this start.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";
import { Notice } from "@/components/Notice";
import { startupQuery } from "@/ipc/queries";

export function KeptAside() {
  const { t } = useTranslation();
  const { data: startup } = useQuery(startupQuery);
  const [read, setRead] = useState(false);
  const files = startup?.type === "ready" ? startup.kept_aside : [];
  if (read || files.length === 0) return null;
  return (
    <div style={{ padding: "12px var(--y-page) 0" }}>
      <Notice
        tone="waiting"
        title={t("frame.keptAside.title")}
        actions={
          <>
            <Button variant="default" onClick={() => setRead(true)}>
              {t("common.dismiss")}
            </Button>
            <CopyButton text={files.join("\n")} what={t("common.details")} label={t("common.copyDetails")} />
          </>
        }
      >
        {t("frame.keptAside.text")}
        {files.map((file) => (
          <div key={file}>
            <code>{file}</code>
          </div>
        ))}
      </Notice>
    </div>
  );
}
