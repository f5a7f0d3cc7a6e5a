// The left rail: where one can go, and the two switches that belong to the person at the screen.
import { Tooltip, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconDeviceLaptop,
  IconGitMerge,
  IconKeyboard,
  IconLanguage,
  IconLayoutDashboard,
  IconMoon,
  IconPlugConnected,
  IconSettings,
  IconSun,
  IconUserQuestion,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";

import { BadgeMark } from "@/components/BadgeMark";
import { refusedCountQuery } from "@/features/refused/queries";
import { chooseLanguage, currentLanguage, languageNames } from "@/i18n/i18n";
import { statusQuery } from "@/ipc/queries";
import { useGrouped } from "@/lib/numbers";

import classes from "./Rail.module.css";

/** Whether the rail shows marks without their words; the same width as in its style sheet. */
const useNarrow = (): boolean => useMediaQuery("(width < 1000px)", false, { getInitialValueInEffect: false });

const pages = [
  { to: "/", name: "overview", Icon: IconLayoutDashboard },
  { to: "/connections", name: "connections", Icon: IconPlugConnected },
  { to: "/users", name: "users", Icon: IconUsers },
  { to: "/refused", name: "refused", Icon: IconUserQuestion },
  { to: "/conflicts", name: "conflicts", Icon: IconGitMerge },
  { to: "/settings", name: "settings", Icon: IconSettings },
] as const;

export function Rail({ onKeyboard }: { onKeyboard: () => void }) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  const { data: undecided = 0 } = useQuery({
    ...statusQuery,
    select: (status) => status.conflicts + status.rejected,
  });
  const { data: refused = 0 } = useQuery(refusedCountQuery({}));
  const grouped = useGrouped();
  const counts: Partial<Record<(typeof pages)[number]["name"], string>> = {
    ...(refused > 0 ? { refused: grouped(refused) } : {}),
    ...(undecided > 0 ? { conflicts: grouped(undecided) } : {}),
  };
  return (
    <nav className={classes.rail} aria-label={t("frame.navigation")}>
      <div className={classes.brand}>
        <BadgeMark size={26} />
        <span className={classes.wordmark}>
          <span lang="zh-CN">腰牌</span>
          <span className={classes.latin}>Yaopai</span>
        </span>
      </div>
      <ul className={classes.pages}>
        {pages.map(({ to, name, Icon }) => (
          <li key={to}>
            <Link
              to={to}
              className={classes.item}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              data-testid={`nav-${name}`}
              title={narrow ? t(`frame.nav.${name}`) : undefined}
            >
              <Icon size={16} stroke={1.5} aria-hidden="true" />
              <span className={classes.word}>{t(`frame.nav.${name}`)}</span>
              {counts[name] && <span className={classes.count}>{counts[name]}</span>}
            </Link>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        <Switches />
        <FootButton
          Icon={IconKeyboard}
          word={t("frame.keyboard")}
          name={t("frame.keyboard")}
          onClick={onKeyboard}
        />
      </div>
    </nav>
  );
}

const schemes = { auto: "light", light: "dark", dark: "auto" } as const;
const schemeIcons = { auto: IconDeviceLaptop, light: IconSun, dark: IconMoon };

function Switches() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const other = currentLanguage() === "en" ? "zh-CN" : "en";
  const theme = t(`frame.themes.${colorScheme}`);
  return (
    <>
      <FootButton
        Icon={IconLanguage}
        word={languageNames[other]}
        name={t("frame.switchLanguage", { language: languageNames[other] })}
        onClick={() => chooseLanguage(other)}
        testId="language-switch"
      />
      <FootButton
        Icon={schemeIcons[colorScheme]}
        word={theme}
        name={t("frame.switchTheme", { theme })}
        onClick={() => setColorScheme(schemes[colorScheme])}
        testId="theme-switch"
      />
    </>
  );
}

interface FootButtonProps {
  Icon: ComponentType<{ size: number; stroke: number }>;
  word: string;
  name: string;
  onClick: () => void;
  testId?: string;
}

function FootButton({ Icon, word, name, onClick, testId }: FootButtonProps) {
  const narrow = useNarrow();
  return (
    <Tooltip label={name} position="right" disabled={!narrow}>
      <UnstyledButton className={classes.item} onClick={onClick} aria-label={name} data-testid={testId}>
        <Icon size={16} stroke={1.5} />
        <span className={classes.word}>{word}</span>
      </UnstyledButton>
    </Tooltip>
  );
}
