// Questions kept under a name: apply, keep, change, rename, delete.
import { ActionIcon, Button, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconBookmark, IconChevronDown, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorNotice } from "@/components/ErrorNotice";
import { addressOf, asksSame, keptOf, type UsersSearch } from "@/features/users/question";
import type { SavedView, SavedViewDraft } from "@/ipc/bindings";
import { call, errorView } from "@/ipc/call";
import { commands } from "@/ipc/host";

import { savedViewsQuery } from "./queries";

import classes from "./Filters.module.css";

interface SavedViewsProps {
  asked: UsersSearch;
  onAsk: (to: UsersSearch) => void;
}

/** What the menu shows in the place of its list. */
type Doing = { type: "save" } | { type: "rename" | "delete"; view: SavedView } | null;

export function SavedViews({ asked, onAsk }: SavedViewsProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [doing, setDoing] = useState<Doing>(null);
  const { data: views = [] } = useQuery(savedViewsQuery);
  const applied = views.find(({ id }) => id === asked.view);
  const changed = applied && !asksSame(addressOf(applied.query), asked);
  const close = () => {
    setOpen(false);
    setDoing(null);
  };
  const apply = (view: SavedView) => {
    onAsk({ ...addressOf(view.query), view: view.id });
    close();
  };
  return (
    <Popover
      opened={open}
      onChange={(to) => (to ? setOpen(true) : close())}
      position="bottom-start"
      offset={4}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button
          variant="default"
          data-testid="views"
          leftSection={<IconBookmark size={16} stroke={1.5} aria-hidden="true" />}
          rightSection={<IconChevronDown size={13} stroke={1.5} aria-hidden="true" />}
          className={classes.views ?? ""}
          onClick={() => (open ? close() : setOpen(true))}
        >
          {applied
            ? t(changed ? "filters.views.changed" : "filters.views.applied", { name: applied.name })
            : t("filters.views.title")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.menu ?? ""} aria-label={t("filters.views.title")} data-covers>
        {doing === null && (
          <>
            <List views={views} applied={applied} onApply={apply} onDo={setDoing} />
            {changed && <Change view={applied} asked={asked} onDone={close} />}
            <UnstyledButton
              className={classes.choice}
              data-testid="view-save"
              onClick={() => setDoing({ type: "save" })}
            >
              {t("filters.views.save")}
            </UnstyledButton>
          </>
        )}
        {(doing?.type === "save" || doing?.type === "rename") && (
          <NameForm
            draft={
              doing.type === "rename"
                ? { id: doing.view.id, name: doing.view.name, query: doing.view.query }
                : { id: null, name: "", query: { ...keptOf(asked), after: null, limit: 0 } }
            }
            onCancel={() => setDoing(null)}
            onSaved={(view) => {
              if (doing.type === "save") onAsk({ ...asked, view: view.id });
              close();
            }}
          />
        )}
        {doing?.type === "delete" && (
          <Deletion
            view={doing.view}
            onCancel={() => setDoing(null)}
            onDeleted={() => {
              const { view, ...others } = asked;
              if (view === doing.view.id) onAsk(others);
              setDoing(null);
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

interface ListProps {
  views: SavedView[];
  applied: SavedView | undefined;
  onApply: (view: SavedView) => void;
  onDo: (doing: Doing) => void;
}

function List({ views, applied, onApply, onDo }: ListProps) {
  const { t } = useTranslation();
  if (views.length === 0) return <p className={classes.hint}>{t("filters.views.none")}</p>;
  return (
    <ul className={classes.entries} aria-label={t("filters.views.title")}>
      {views.map((view) => (
        <li key={view.id} className={classes.entry}>
          <UnstyledButton
            className={classes.choice}
            aria-pressed={view.id === applied?.id}
            data-testid="view"
            onClick={() => onApply(view)}
          >
            <span className={classes.label}>{view.name}</span>
          </UnstyledButton>
          <ActionIcon
            variant="subtle"
            color="slate"
            aria-label={t("filters.views.rename", { name: view.name })}
            onClick={() => onDo({ type: "rename", view })}
          >
            <IconPencil size={16} stroke={1.5} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="slate"
            aria-label={t("filters.views.delete", { name: view.name })}
            onClick={() => onDo({ type: "delete", view })}
          >
            <IconTrash size={16} stroke={1.5} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

function useSave(onSaved: (view: SavedView) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (draft: SavedViewDraft) => call(commands.saveView(draft)),
    onSuccess: async (view) => {
      await client.invalidateQueries({ queryKey: savedViewsQuery.queryKey });
      onSaved(view);
    },
  });
}

interface ChangeProps {
  view: SavedView;
  asked: UsersSearch;
  onDone: () => void;
}

/** The view that was applied asks something else by now: keep that under its name. */
function Change({ view, asked, onDone }: ChangeProps) {
  const { t } = useTranslation();
  const save = useSave(onDone);
  const query = { ...keptOf(asked), after: null, limit: 0 };
  return (
    <>
      <UnstyledButton
        className={classes.choice}
        data-testid="view-change"
        onClick={() => save.mutate({ id: view.id, name: view.name, query })}
      >
        {t("filters.views.change", { name: view.name })}
      </UnstyledButton>
      {save.error && <ErrorNotice error={save.error} />}
    </>
  );
}

interface NameFormProps {
  draft: SavedViewDraft;
  onCancel: () => void;
  onSaved: (view: SavedView) => void;
}

function NameForm({ draft, onCancel, onSaved }: NameFormProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(draft.name);
  const save = useSave(onSaved);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.select(), []);
  const refused = save.error ? errorView(save.error) : null;
  const rule = refused?.type === "invalid_fields" ? refused.fields[0]?.rule : undefined;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ ...draft, name: name.trim() });
      }}
    >
      <TextInput
        ref={box}
        data-autofocus
        data-testid="view-name"
        label={t("filters.views.name")}
        value={name}
        error={rule ? t(`rules.${rule}`) : null}
        autoComplete="off"
        onChange={(event) => {
          setName(event.currentTarget.value);
          save.reset();
        }}
      />
      {save.error && !rule && <ErrorNotice error={save.error} />}
      <div className={classes.end}>
        <Button variant="default" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" loading={save.isPending} disabled={name.trim() === ""}>
          {t("filters.views.keep")}
        </Button>
      </div>
    </form>
  );
}

interface DeletionProps {
  view: SavedView;
  onCancel: () => void;
  onDeleted: () => void;
}

function Deletion({ view, onCancel, onDeleted }: DeletionProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => call(commands.deleteView(view.id)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: savedViewsQuery.queryKey });
      onDeleted();
    },
  });
  return (
    <div className={classes.form}>
      <p>{t("filters.views.deleteAsked", { name: view.name })}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
      <div className={classes.end}>
        <Button variant="default" onClick={onCancel} data-autofocus>
          {t("common.cancel")}
        </Button>
        <Button loading={remove.isPending} onClick={() => remove.mutate()}>
          {t("common.delete")}
        </Button>
      </div>
    </div>
  );
}
