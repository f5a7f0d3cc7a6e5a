// The values of a filter, of which one can be chosen; arrows move among them.
import { UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode } from "react";

import classes from "./Filters.module.css";

interface ChoicesProps<T extends string> {
  values: readonly { value: T; label: ReactNode }[];
  chosen: T | undefined;
  onChoose: (value: T) => void;
}

/** Moves the focus to the neighbour of the button that has it. */
function hear(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  buttons.at((at + step) % buttons.length)?.focus();
}

export function Choices<T extends string>({ values, chosen, onChoose }: ChoicesProps<T>) {
  return (
    // Hears the arrows of its buttons.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className={classes.list} onKeyDown={hear}>
      {values.map(({ value, label }) => (
        <UnstyledButton
          key={value}
          className={classes.choice}
          aria-pressed={value === chosen}
          data-value={value}
          onClick={() => onChoose(value)}
        >
          <span className={classes.label}>{label}</span>
          {value === chosen && <IconCheck size={14} stroke={1.75} aria-hidden="true" />}
        </UnstyledButton>
      ))}
    </div>
  );
}
