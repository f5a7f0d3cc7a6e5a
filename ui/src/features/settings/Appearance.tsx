// Language, theme and row height: choices of this machine, in force at once.
import { SegmentedControl, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { chooseLanguage, currentLanguage, languageNames, languages, type Language } from "@/i18n/i18n";
import { chooseRows, chosenRows, type Rows } from "@/lib/rows";

import classes from "./Appearance.module.css";

export function Appearance() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [rows, setRows] = useState(chosenRows);
  return (
    <>
      <Choice<Language>
        label={t("frame.language")}
        value={currentLanguage()}
        options={languages.map((language) => ({ value: language, label: languageNames[language] }))}
        onChoose={(language) => chooseLanguage(language)}
      />
      <Choice<MantineColorScheme>
        label={t("frame.theme")}
        value={colorScheme}
        options={(["auto", "light", "dark"] as const).map((theme) => ({
          value: theme,
          label: t(`frame.themes.${theme}`),
        }))}
        onChoose={setColorScheme}
      />
      <Choice<Rows>
        label={t("settings.rows")}
        value={rows}
        options={[
          { value: "comfortable", label: t("settings.rowsComfortable") },
          { value: "compact", label: t("settings.rowsCompact") },
        ]}
        onChoose={(chosen) => {
          setRows(chosen);
          chooseRows(chosen);
        }}
      />
    </>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
  return (
    <div className={classes.choice}>
      <span>{label}</span>
      <SegmentedControl
        aria-label={label}
        value={value}
        data={options}
        onChange={(chosen) => {
          const option = options.find((candidate) => candidate.value === chosen);
          if (option) onChoose(option.value);
        }}
      />
    </div>
  );
}
