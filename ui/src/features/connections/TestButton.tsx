// Opens the test login of a connection; disabled with the reason where the role does not allow it.
import { Button, Tooltip, type ButtonProps } from "@mantine/core";
import { IconQrcode } from "@tabler/icons-react";
import type { MouseEventHandler } from "react";
import { useTranslation } from "react-i18next";

import { useRights } from "@/lib/rights";

interface TestButtonProps extends ButtonProps {
  onClick: MouseEventHandler;
  "aria-label"?: string;
  "data-testid"?: string;
}

export function TestButton(props: TestButtonProps) {
  const { t } = useTranslation();
  const { testLogins } = useRights();
  const button = (
    <Button {...props} disabled={!testLogins} leftSection={<IconQrcode size={16} stroke={1.5} />}>
      {t("connections.test")}
    </Button>
  );
  if (testLogins) return button;
  return (
    <Tooltip label={t("connections.rights.noTest")}>
      <span>{button}</span>
    </Tooltip>
  );
}
