// What is known of a person, and who said so.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Profile, UserId } from "@/ipc/bindings";

import { Avatar } from "./Avatar";
import { phoneText } from "./phoneText";

import classes from "./UserPanel.module.css";

const order = [
  "name",
  "nickname",
  "phone",
  "email",
  "username",
  "avatar_url",
] as const satisfies (keyof Profile)[];

export function ProfileList({ id, profile }: { id: UserId; profile: Profile }) {
  const { t } = useTranslation();
  const known = order.flatMap((field) => {
    const given = profile[field];
    return given ? [{ field, ...given }] : [];
  });
  if (known.length === 0) return <p className={classes.none}>{t("users.detail.noProfile")}</p>;
  return (
    <dl className={classes.fields}>
      {known.map(({ field, value, source }) => (
        <FieldLine
          key={field}
          label={t(`users.fields.${field}`)}
          value={
            field === "phone" ? (
              phoneText(value)
            ) : field === "avatar_url" ? (
              <Avatar id={id} name={null} url={value} size={40} />
            ) : (
              value
            )
          }
          source={t(`users.sources.${source}`)}
          tall={field === "avatar_url"}
        />
      ))}
    </dl>
  );
}

interface FieldLineProps {
  label: string;
  value: ReactNode;
  source: string;
  /** Taller than a line of text: what stands beside it is centred. */
  tall: boolean;
}

function FieldLine({ label, value, source, tall }: FieldLineProps) {
  return (
    <>
      <dt data-tall={tall}>{label}</dt>
      <dd data-tall={tall}>
        <span>{value}</span>
        <span className={classes.source}>{source}</span>
      </dd>
    </>
  );
}
