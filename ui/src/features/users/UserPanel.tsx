// One person: who they are, how they log in, what is noted about them.
import { useQuery } from "@tanstack/react-query";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { DelayedSkeleton } from "@/components/DelayedSkeleton";
import { ErrorNotice } from "@/components/ErrorNotice";
import { SidePanel } from "@/components/SidePanel";
import { ConflictCard } from "@/features/conflicts/ConflictCard";
import { MergeSection } from "@/features/merge/MergeSection";
import type { UserDetail, UserId } from "@/ipc/bindings";
import { usePageTitle } from "@/lib/pageTitle";

import { Bindings } from "./Bindings";
import { MetadataSection } from "./MetadataSection";
import { ProfileList } from "./ProfileList";
import { userQuery } from "./queries";
import { Section } from "./Section";
import { UserFacts } from "./UserFacts";
import { Who } from "./Who";

import classes from "./UserPanel.module.css";

interface UserPanelProps {
  id: UserId;
  onClose: () => void;
  /** Opens the neighbour in the list. */
  onStep: (by: number) => void;
  /** Opens another user in this one's place. */
  onOpen: (id: UserId) => void;
}

export function UserPanel({ id, onClose, onStep, onOpen }: UserPanelProps) {
  const { t } = useTranslation();
  const { data: user, error } = useQuery(userQuery(id));
  const name = user?.name ?? t("users.unnamed");
  const hear = (event: KeyboardEvent) => {
    // Keys inside of the panel's own fields and buttons are theirs.
    if (!(event.target instanceof HTMLElement) || event.target.tagName !== "SECTION") return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    onStep(event.key === "ArrowDown" ? 1 : -1);
  };
  return (
    // Hears what bubbles out of the panel, which is focusable itself.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div onKeyDown={hear}>
      <SidePanel
        label={t("users.detail.label", { name })}
        title={user ? <Header user={user} name={name} /> : ""}
        back={t("users.detail.back")}
        onClose={onClose}
        testId="user-detail"
      >
        {error && <ErrorNotice error={error} />}
        {!user && !error && <DelayedSkeleton rows={8} />}
        {user && <Sections key={user.id} user={user} onOpen={onOpen} />}
      </SidePanel>
    </div>
  );
}

function Header({ user, name }: { user: UserDetail; name: string }) {
  usePageTitle(name);
  const url = user.profile.avatar_url?.value ?? null;
  return (
    <div className={classes.header}>
      <Who id={user.id} name={user.name} url={url} title={name} size="large">
        <UserFacts user={user} />
      </Who>
    </div>
  );
}

function Sections({ user, onOpen }: { user: UserDetail; onOpen: (id: UserId) => void }) {
  const { t } = useTranslation();
  return (
    <>
      {user.conflicts.length > 0 && (
        <Section title={t("users.conflicts.title")}>
          {user.conflicts.map((conflict) => (
            <ConflictCard key={conflict.id} conflict={conflict} within="person" />
          ))}
        </Section>
      )}
      <Section title={t("users.detail.profile")}>
        <ProfileList id={user.id} profile={user.profile} />
      </Section>
      <Section title={t("users.detail.bindings")}>
        <Bindings user={user} />
      </Section>
      <MetadataSection user={user} />
      <MergeSection id={user.id} onMerged={onOpen} />
    </>
  );
}
