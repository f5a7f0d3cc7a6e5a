import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { openWindow } from "@/testing/openWindow";

const conflict = { key: "tier", base: '"silver"', mine: '"gold"', theirs: '"platinum"' };
const begin = (change: Partial<typeof conflict> | { theirs: null } = {}) => ({
  prepare: (world: World) => {
    const [first] = world.people;
    if (first)
      world.people = [{ ...first, id: "u1", name: "王小明", metadata: [] }, ...world.people.slice(1)];
    fake.addConflict("u1", { ...conflict, ...change });
  },
});
const tier = () => fake.world.people[0]?.metadata.find((item) => item.key === "tier");

it("shows mine, theirs and what was before, with who and when", async () => {
  await openWindow("/conflicts", begin());
  const card = within(await screen.findByTestId("conflict"));
  expect(card.getByRole("link", { name: "tier of 王小明" })).toHaveAttribute("href", "/users/u1");
  expect(card.getByRole("button", { name: "Copy User id: u1" })).toBeVisible();
  for (const value of ['"gold"', '"platinum"', '"silver"']) expect(card.getByText(value)).toBeVisible();
  expect(card.getByText(/wanli@ops/)).toBeVisible();
  expect(card.getByText("7 minutes ago")).toBeVisible();
});

it("keeps mine: the edit goes out again", async () => {
  const { user } = await openWindow("/conflicts", begin());
  await user.click(await screen.findByRole("button", { name: "Keep mine" }));
  expect(await screen.findByRole("heading", { name: "No conflicts" })).toBeVisible();
  expect(tier()).toMatchObject({ json: '"gold"', sync: "pending" });
  expect(fake.world.outbox).toEqual([{ user_id: "u1", key: "tier", json: '"gold"' }]);
});

it("keeps theirs: mine is dropped and nothing goes out", async () => {
  const { user } = await openWindow("/conflicts", begin());
  await user.click(await screen.findByRole("button", { name: "Keep theirs" }));
  expect(await screen.findByRole("heading", { name: "No conflicts" })).toBeVisible();
  expect(tier()).toMatchObject({ json: '"platinum"', sync: "synced" });
  expect(fake.world.outbox).toEqual([]);
});

it("says in words when one side removed the key", async () => {
  await openWindow("/conflicts", { ...begin({ theirs: null }), language: "zh-CN" });
  const card = within(await screen.findByTestId("conflict"));
  expect(card.getByText("已删除")).toBeVisible();
  expect(card.getByRole("button", { name: "保留对方的" })).toBeEnabled();
});

it("is decided beside the person as well", async () => {
  const { user } = await openWindow("/users/u1", begin());
  const panel = within(await screen.findByTestId("user-detail"));
  await user.click(await panel.findByRole("button", { name: "Keep theirs" }));
  await waitFor(() => expect(panel.queryByTestId("conflict")).not.toBeInTheDocument());
  expect(panel.getByTestId("metadata-entry")).toHaveAttribute("data-sync", "synced");
});

it("takes a third value, refuses what is not JSON, and sends what is kept", async () => {
  const { user } = await openWindow("/conflicts", begin());
  await user.click(await screen.findByRole("button", { name: "Enter another value" }));
  const box = screen.getByTestId("conflict-value");
  expect(box).toHaveValue('"gold"');
  await user.clear(box);
  await user.type(box, "[[1, 2");
  await user.click(screen.getByRole("button", { name: "Keep this value" }));
  expect(await screen.findByText("This is not valid JSON.")).toBeVisible();
  expect(fake.world.outbox).toEqual([]);
  await user.type(box, "]");
  expect(screen.queryByText("This is not valid JSON.")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Keep this value" }));
  expect(await screen.findByRole("heading", { name: "No conflicts" })).toBeVisible();
  expect(tier()).toMatchObject({ json: "[1, 2]", sync: "pending" });
});

it("decides a field of the profile as plain text, in Chinese as well", async () => {
  const { user } = await openWindow("/conflicts", {
    language: "zh-CN",
    prepare: (world) => {
      begin().prepare(world);
      world.people = world.people.map((one) =>
        one.id === "u1" ? Object.assign(one, { conflicts: [] }) : one,
      );
      fake.addConflict("u1", { key: "", field: "name", base: null, mine: '"王晓明"', theirs: '"王小名"' });
    },
  });
  const card = within(await screen.findByTestId("conflict"));
  expect(card.getByRole("link", { name: "王小明 的 姓名" })).toBeVisible();
  expect(card.getByText("王小名")).toBeVisible();
  await user.click(card.getByRole("button", { name: "输入其他值" }));
  const box = card.getByTestId("conflict-value");
  expect(box).toHaveValue("王晓明");
  await user.clear(box);
  await user.type(box, "王小明");
  await user.click(card.getByRole("button", { name: "保留此值" }));
  expect(await screen.findByRole("heading", { name: "没有冲突" })).toBeVisible();
  expect(fake.world.outbox).toEqual([{ user_id: "u1", key: "name", json: '"王小明"' }]);
});

it("says when mine was typed, and leads there from the status bar", async () => {
  const { user, pages } = await openWindow("/users", begin());
  await user.click(await screen.findByTestId("status-conflicts"));
  await waitFor(() => expect(pages.state.location.pathname).toBe("/conflicts"));
  expect(within(await screen.findByTestId("conflict")).getByText("25 minutes ago")).toBeVisible();
  expect(screen.getByTestId("nav-conflicts")).toHaveTextContent("1");
});

it("explains an empty page", async () => {
  await openWindow("/conflicts");
  expect(await screen.findByRole("heading", { name: "No conflicts" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Show users" })).toHaveAttribute("href", "/users");
});
