// The small sheet behind `?`.
import { Kbd, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";

import classes from "./ShortcutSheet.module.css";

const rows = [
  { name: "overview", keys: ["g", "o"] },
  { name: "connections", keys: ["g", "c"] },
  { name: "users", keys: ["g", "u"] },
  { name: "settings", keys: ["g", "s"] },
  { name: "search", keys: ["/"] },
  { name: "move", keys: ["↑", "↓", "↵"] },
  { name: "close", keys: ["Esc"] },
  { name: "sheet", keys: ["?"] },
] as const;

export function ShortcutSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("frame.shortcuts.title")} size={380}>
      <dl className={classes.sheet}>
        {rows.map(({ name, keys }) => (
          <div key={name} className={classes.row}>
            <dt>{t(`frame.shortcuts.${name}`)}</dt>
            <dd className={classes.keys}>
              {keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
