import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { happens, openWindow } from "@/testing/openWindow";

const begin = (json: string | null = '"silver"') => ({
  prepare: (world: World) => {
    const [first] = world.people;
    if (!first) return;
    const tier = {
      key: "tier",
      json,
      sync: "synced" as const,
      rejection: null,
      actor: "wanli@ops",
      at: Date.now(),
    };
    world.people = [{ ...first, id: "u1", metadata: json === null ? [] : [tier] }, ...world.people.slice(1)];
  },
});
const entry = async (key: string) => {
  const found = (await screen.findAllByTestId("metadata-entry")).find((one) => one.dataset["key"] === key);
  if (!found) throw new Error(`no entry ${key}`);
  return found;
};
const stored = (key: string) => fake.world.people[0]?.metadata.find((item) => item.key === key)?.json;

async function add(user: Awaited<ReturnType<typeof openWindow>>["user"], key: string, value: string) {
  await user.click(await screen.findByTestId("metadata-add"));
  if (key) await user.type(screen.getByTestId("metadata-key"), key);
  await user.click(screen.getByTestId("metadata-value"));
  await user.paste(value);
  await user.click(screen.getByTestId("metadata-save"));
}

it.each([
  ["wanli@ops", "由 wanli@ops 修改"],
  ["import", "导入"],
])("says in Chinese that %s changed it", async (actor, words) => {
  await openWindow("/users/u1", {
    language: "zh-CN",
    prepare: (world) => {
      begin().prepare(world);
      const [first] = world.people;
      for (const item of first?.metadata ?? []) item.actor = actor;
    },
  });
  expect(within(await entry("tier")).getByText(words)).toBeVisible();
});

it("shows an added key at once as not yet synced, and as synced when the backend has it", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await add(user, "points", "120");
  expect(await entry("points")).toHaveAttribute("data-sync", "pending");
  expect(await entry("points")).toHaveTextContent("Not yet synced");
  expect(screen.queryByTestId("metadata-key")).not.toBeInTheDocument();
  await happens(() => fake.push());
  await waitFor(async () => expect(await entry("points")).toHaveAttribute("data-sync", "synced"));
});

it("keeps an edit while the backend is away, and counts it", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await happens(() => fake.offline(true));
  await add(user, "points", "120");
  await happens(() => fake.push());
  expect(await entry("points")).toHaveAttribute("data-sync", "pending");
  expect(screen.getByTestId("status-waiting")).toHaveAttribute("data-count", "1");
});

it.each([
  ["en", "A value is needed here.", "This is not valid JSON."],
  ["zh-CN", "此项必填。", "不是有效的 JSON。"],
] as const)("says at the field which rule was broken, in %s", async (language, key, value) => {
  const { user } = await openWindow("/users/u1", { ...begin(), language });
  await add(user, "", "{broken");
  expect(await screen.findByText(key)).toBeVisible();
  expect(screen.getByText(value)).toBeVisible();
  expect(screen.getByTestId("metadata-key")).toBeInvalid();
  expect(screen.getByTestId("metadata-value")).toBeInvalid();
  expect(fake.world.outbox).toEqual([]);
  await user.type(screen.getByTestId("metadata-key"), "k");
  expect(screen.queryByText(key)).not.toBeInTheDocument();
});

it("keeps plain words as text, and says so while they are typed", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByTestId("metadata-add"));
  await user.type(screen.getByTestId("metadata-key"), "tier2");
  await user.type(screen.getByTestId("metadata-value"), "gold");
  expect(screen.getByText('Will be saved as text: "gold"')).toBeVisible();
  await user.click(screen.getByTestId("metadata-save"));
  expect(await entry("tier2")).toHaveTextContent('"gold"');
  expect(stored("tier2")).toBe('"gold"');
});

it("changes the value of a key", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByRole("button", { name: "Edit tier" }));
  const value = screen.getByTestId("metadata-value");
  expect(value).toHaveFocus();
  expect(value).toHaveValue('"silver"');
  await user.clear(value);
  await user.paste('"gold"');
  await user.click(screen.getByTestId("metadata-save"));
  await waitFor(async () => expect(await entry("tier")).toHaveTextContent('"gold"'));
  expect(fake.world.outbox).toEqual([{ user_id: "u1", key: "tier", json: '"gold"' }]);
});

it("leaves an untouched form with Escape, and the person stays", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByTestId("metadata-add"));
  await user.keyboard("{Escape}");
  expect(screen.queryByTestId("metadata-key")).not.toBeInTheDocument();
  expect(screen.getByTestId("user-detail")).toBeInTheDocument();
});

it("asks before what is half typed is lost", async () => {
  const { user, pages } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByTestId("metadata-add"));
  await user.keyboard("half a key{Escape}");
  await user.click(await screen.findByRole("button", { name: "Keep editing" }));
  expect(screen.getByTestId("metadata-key")).toHaveValue("half a key");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await user.click(screen.getByRole("button", { name: "Close" }));
  await user.click(await screen.findByRole("button", { name: "Leave and discard" }));
  await waitFor(() => expect(pages.state.location.pathname).toBe("/users"));
});

it("keeps what is half typed while another key is edited", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByTestId("metadata-add"));
  await user.keyboard("half a key");
  await user.click(screen.getByRole("button", { name: "Edit tier" }));
  expect(screen.getByTestId("metadata-key")).toHaveValue("half a key");
  expect(screen.getByDisplayValue('"silver"')).toHaveFocus();
});

it.each([
  ["en", "This key is already there. Edit it instead."],
  ["zh-CN", "这个键已存在，请直接编辑它。"],
] as const)("does not overwrite a key that is added once more, in %s", async (language, words) => {
  const { user } = await openWindow("/users/u1", { ...begin(), language });
  await add(user, "tier", "1");
  expect(await screen.findByText(words)).toBeVisible();
  expect(screen.getByTestId("metadata-key")).toBeInvalid();
  expect(stored("tier")).toBe('"silver"');
});

it("refuses a number that would be rounded, and says how to keep it", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await add(user, "card", "12345678901234567890123");
  expect(await screen.findByText(/would be rounded/)).toBeVisible();
  expect(stored("card")).toBeUndefined();
});

it("shows a removal until it is synced, and takes it back", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByRole("button", { name: "Remove tier" }));
  expect(await screen.findByText("Removed here")).toBeVisible();
  expect(await entry("tier")).toHaveAttribute("data-sync", "pending");
  await user.click(screen.getByTestId("metadata-undo"));
  await waitFor(async () => expect(await entry("tier")).toHaveTextContent('"silver"'));
  expect(stored("tier")).toBe('"silver"');
});

it("can take a removal back even when the backend already has it", async () => {
  const { user } = await openWindow("/users/u1", begin());
  await user.click(await screen.findByRole("button", { name: "Remove tier" }));
  await screen.findByText("Removed here");
  await happens(() => fake.push());
  const gone = within(await screen.findByTestId("metadata-removed"));
  await user.click(gone.getByRole("button", { name: "Undo" }));
  expect(await entry("tier")).toHaveTextContent('"silver"');
});

it("says why the backend refused an edit for good", async () => {
  const { user } = await openWindow("/users/u1", begin(null));
  await add(user, "sealed", "1");
  await happens(() => fake.push());
  await waitFor(async () => expect(await entry("sealed")).toHaveAttribute("data-sync", "rejected"));
  expect(await entry("sealed")).toHaveTextContent("Your role may not edit users");
});

it("teaches what metadata are while there are none", async () => {
  await openWindow("/users/u1", { ...begin(null), language: "zh-CN" });
  expect(await screen.findByText(/自定义数据用来记录/)).toBeVisible();
});
