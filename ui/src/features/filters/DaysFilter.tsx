// A filter by days: a few spans that are asked for often, or any two days.
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { daysOf, daysText, isDay, spanOf, spans, type Days } from "@/features/users/question";

import { Choices } from "./Choices";
import { daysInWords } from "./daysInWords";
import { FilterChip } from "./FilterChip";

import classes from "./Filters.module.css";

interface DaysFilterProps {
  name: string;
  /** As in the address. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  testId: string;
}

export function DaysFilter({ name, value, onChange, testId }: DaysFilterProps) {
  const { t } = useTranslation();
  const days = daysOf(value);
  const chosen = spanOf(value);
  return (
    <FilterChip
      name={name}
      value={chosen ? t(`filters.spans.${chosen}`) : days && daysInWords(t, days)}
      onClear={() => onChange(undefined)}
      testId={testId}
    >
      {(close) => (
        <>
          <Choices
            values={spans.map((span) => ({ value: span, label: t(`filters.spans.${span}`) }))}
            chosen={chosen}
            onChoose={(span) => {
              onChange(span);
              close();
            }}
          />
          <TwoDays
            days={days}
            onChange={(text) => {
              onChange(text);
              close();
            }}
          />
        </>
      )}
    </FilterChip>
  );
}

interface TwoDaysProps {
  days: Days | undefined;
  onChange: (text: string | undefined) => void;
}

function TwoDays({ days, onChange }: TwoDaysProps) {
  const { t } = useTranslation();
  const [from, setFrom] = useState(days?.from ?? "");
  const [to, setTo] = useState(days?.to ?? "");
  const [tried, setTried] = useState(false);
  const wrong = (text: string) =>
    tried && text.trim() !== "" && !isDay(text.trim()) ? t("filters.days.shape") : null;
  const turned = tried && isDay(from.trim()) && isDay(to.trim()) && from.trim() > to.trim();
  const field = { placeholder: "2026-03-31", size: "xs", autoComplete: "off", spellCheck: false } as const;
  return (
    <form
      className={classes.days}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        const given = { from: from.trim() || undefined, to: to.trim() || undefined };
        const known = [given.from, given.to].every((day) => day === undefined || isDay(day));
        const inOrder = given.from === undefined || given.to === undefined || given.from <= given.to;
        if (known && inOrder) onChange(daysText(given));
      }}
    >
      <TextInput
        {...field}
        label={t("filters.days.from")}
        value={from}
        error={wrong(from)}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        {...field}
        label={t("filters.days.to")}
        value={to}
        error={wrong(to) ?? (turned ? t("filters.days.turned") : null)}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        {t("filters.days.apply")}
      </Button>
    </form>
  );
}
