// One filter of a list: a quiet word until it is set, then what it is set to, and a way to take it away.
import { Popover, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./Filters.module.css";

interface FilterChipProps {
  name: string;
  /** What it is set to, in words; absent if it is not. */
  value: string | undefined;
  onClear: () => void;
  /** What can be chosen, and how it is closed when that is done. */
  children: (close: () => void) => ReactNode;
  testId: string;
}

export function FilterChip({ name, value, onClear, children, testId }: FilterChipProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <span className={classes.chip} data-set={value !== undefined}>
      <Popover opened={open} onChange={setOpen} position="bottom-start" offset={4} trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton
            className={classes.part}
            data-testid={testId}
            onClick={() => setOpen((before) => !before)}
          >
            {value === undefined ? name : <Set name={name} value={value} />}
            {value === undefined && <IconChevronDown size={13} stroke={1.5} aria-hidden="true" />}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown className={classes.choices ?? ""} aria-label={name} data-covers>
          {children(() => setOpen(false))}
        </Popover.Dropdown>
      </Popover>
      {value !== undefined && (
        <UnstyledButton
          className={classes.clear}
          aria-label={t("filters.remove", { name })}
          onClick={onClear}
        >
          <IconX size={13} stroke={1.75} aria-hidden="true" />
        </UnstyledButton>
      )}
    </span>
  );
}

function Set({ name, value }: { name: string; value: string }) {
  return (
    <>
      <span className={classes.name}>{name}</span>
      <span className={classes.value}>{value}</span>
    </>
  );
}
