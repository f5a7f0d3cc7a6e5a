// The fields in which two users differ, each with the choice of a value.
import { Radio } from "@mantine/core";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { phoneText } from "@/features/users/phoneText";
import type { MergeDifference, Profile, Side } from "@/ipc/bindings";

import classes from "./MergeDialog.module.css";

const metadata = "metadata.";
const sides = ["kept", "removed"] as const satisfies Side[];

/** `metadata.vip` → `vip`; the fields of the profile have names of their own. */
function fieldName(t: TFunction, field: string): string {
  if (field.startsWith(metadata)) return field.slice(metadata.length);
  if (field === "status") return t("users.columns.status");
  return t(`users.fields.${field as keyof Profile}`);
}

function valueText(t: TFunction, field: string, value: string | null): string {
  if (value === null) return t("merge.noValue");
  if (field === "status") return t(value === "blocked" ? "users.status.blocked" : "users.status.active");
  return field === "phone" ? phoneText(value) : value;
}

interface DifferencesProps {
  differences: MergeDifference[];
  onChoose: (field: string, side: Side) => void;
}

export function Differences({ differences, onChoose }: DifferencesProps) {
  const { t } = useTranslation();
  if (differences.length === 0) return <p className={classes.facts}>{t("merge.alike")}</p>;
  return (
    <section aria-label={t("merge.differences")}>
      <div className={classes.heads}>
        <h3>{t("merge.differences")}</h3>
        {sides.map((side) => (
          <span key={side}>{t(`merge.${side}`)}</span>
        ))}
      </div>
      {differences.map((one) => {
        const name = fieldName(t, one.field);
        return (
          <Radio.Group
            key={one.field}
            value={one.taken}
            aria-label={name}
            data-testid="merge-difference"
            data-field={one.field}
            onChange={(side) => onChoose(one.field, side)}
          >
            <div className={classes.difference}>
              <span className={classes.field} data-metadata={one.field.startsWith(metadata)}>
                {name}
              </span>
              {sides.map((side) => (
                <Radio
                  key={side}
                  value={side}
                  size="xs"
                  className={classes.value ?? ""}
                  data-testid={`take-${side}`}
                  label={valueText(t, one.field, one[side])}
                />
              ))}
            </div>
          </Radio.Group>
        );
      })}
    </section>
  );
}
