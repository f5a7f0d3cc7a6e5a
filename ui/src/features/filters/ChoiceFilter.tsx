// A filter with a few values, of which one can be chosen.
import type { ReactNode } from "react";

import { Choices } from "./Choices";
import { FilterChip } from "./FilterChip";

interface ChoiceFilterProps<T extends string> {
  name: string;
  values: readonly { value: T; label: ReactNode }[];
  chosen: T | undefined;
  /** What is chosen, in words, where its label is more than that. */
  shown?: string;
  onChange: (value: T | undefined) => void;
  testId: string;
}

export function ChoiceFilter<T extends string>({
  name,
  values,
  chosen,
  shown,
  onChange,
  testId,
}: ChoiceFilterProps<T>) {
  const label = values.find(({ value }) => value === chosen)?.label;
  const words = shown ?? (typeof label === "string" ? label : chosen);
  return (
    <FilterChip
      name={name}
      value={chosen === undefined ? undefined : words}
      onClear={() => onChange(undefined)}
      testId={testId}
    >
      {(close) => (
        <Choices
          values={values}
          chosen={chosen}
          onChoose={(value) => {
            onChange(value === chosen ? undefined : value);
            close();
          }}
        />
      )}
    </FilterChip>
  );
}
