import { IconCheck, IconChevronRight } from "@tabler/icons-react";
// The way from an empty pool to an edited person; gone once it was walked.
import { useQuery } from "@tanstack/react-query";
import { Link, linkOptions, type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { userQuery } from "@/features/users/queries";
import type { Connection, LoginAttempt } from "@/ipc/bindings";

import { latestPerson, stepNames, stepsDone, type StepName } from "./firstSteps";

import classes from "./FirstSteps.module.css";

export function FirstSteps({
  connections,
  attempts,
}: {
  connections: Connection[];
  attempts: LoginAttempt[];
}) {
  const { t } = useTranslation();
  const personId = latestPerson(attempts);
  const { data: person } = useQuery({ ...userQuery(personId ?? ""), enabled: personId !== null });
  const done = stepsDone(connections, attempts, person);
  const next = stepNames.find((name) => !done[name]);
  if (!next) return null;
  const newest = connections.at(-1);
  const users = linkOptions({ to: "/users" });
  const ways: Record<StepName, LinkProps> = {
    connection: linkOptions({ to: "/connections/new" }),
    test: newest
      ? linkOptions({ to: "/connections/$id", params: { id: newest.id }, search: { test: newest.id } })
      : linkOptions({ to: "/connections/new" }),
    person: users,
    edit: person ? linkOptions({ to: "/users/$id", params: { id: person.id } }) : users,
  };
  return (
    <section aria-labelledby="first-steps">
      <h2 id="first-steps" className={classes.heading}>
        {t("overview.steps.title")}
      </h2>
      <ol className={classes.steps}>
        {stepNames.map((name, index) => (
          <li key={name} className={classes.step} data-next={name === next} data-done={done[name]}>
            <span className={classes.mark} aria-hidden="true">
              {done[name] ? <IconCheck size={14} stroke={2} /> : index + 1}
            </span>
            <div>
              <Link {...ways[name]} className={classes.title}>
                {t(`overview.steps.${name}.title`)}
                {name === next && <IconChevronRight size={14} stroke={1.5} aria-hidden="true" />}
              </Link>
              <p className={classes.text}>{t(`overview.steps.${name}.text`)}</p>
              {done[name] && <span className="visually-hidden">{t("overview.steps.done")}</span>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
