import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { happens, openWindow } from "@/testing/openWindow";

const begin = {
  prepare: (world: World) => {
    const [first] = world.people;
    if (first)
      world.people = [{ ...first, id: "u1", name: "王小明", metadata: [] }, ...world.people.slice(1)];
    fake.addRejected({ user_id: "u1", key: "tier", mine: '"gold"', rejection: "too_many_keys" });
    fake.addRejected({ user_id: "gone", key: "note", mine: null, rejection: "user_gone" });
  },
};
const card = async (key: string) => {
  const found = (await screen.findAllByTestId("rejected-edit")).find((one) => one.dataset["key"] === key);
  if (!found) throw new Error(`no refused edit of ${key}`);
  return within(found);
};

it("shows whose, what, why and when", async () => {
  await openWindow("/conflicts", begin);
  const tier = await card("tier");
  expect(tier.getByRole("link", { name: "tier of 王小明" })).toHaveAttribute("href", "/users/u1");
  expect(tier.getByText('"gold"')).toBeVisible();
  expect(tier.getByText(/no room for another key/)).toBeVisible();
  expect(tier.getByText("1 minute ago")).toBeVisible();
  expect(screen.queryByRole("heading", { name: "No conflicts" })).not.toBeInTheDocument();
});

it("says so when the user is gone, in Chinese", async () => {
  await openWindow("/conflicts", { ...begin, language: "zh-CN" });
  const note = await card("note");
  expect(note.getByRole("heading", { name: "已不存在的用户的 note" })).toBeVisible();
  expect(note.getByText("已删除")).toBeVisible();
  expect(note.queryByRole("link")).not.toBeInTheDocument();
});

it("names a user who could not be created, and an edit of a profile", async () => {
  await openWindow("/conflicts", {
    prepare: (world) => {
      begin.prepare(world);
      fake.addRejected({ user_id: "new", key: "", mine: '{"name":"小鹿"}', rejection: "phone_taken" });
      fake.addRejected({ user_id: "u1", key: "", mine: '"王"', rejection: "forbidden" });
    },
  });
  expect(await screen.findByRole("heading", { name: "A user who could not be created" })).toBeVisible();
  expect(screen.getByText("Somebody else has this phone number")).toBeVisible();
  expect(screen.getByRole("link", { name: "Profile of 王小明" })).toHaveAttribute("href", "/users/u1");
});

it("counts in the navigation what waits to be read, until all is put away", async () => {
  const { user } = await openWindow("/conflicts", begin);
  await card("tier");
  expect(screen.getByTestId("nav-conflicts")).toHaveTextContent("2");
  await user.click((await card("tier")).getByRole("button", { name: "Put away" }));
  await waitFor(() => expect(screen.getAllByTestId("rejected-edit")).toHaveLength(1));
  await user.click((await card("note")).getByRole("button", { name: "Put away" }));
  expect(await screen.findByRole("heading", { name: "No conflicts" })).toBeVisible();
  expect(screen.getByTestId("nav-conflicts")).not.toHaveTextContent(/\d/);
  expect(fake.world.rejected).toEqual([]);
});

it("reads many in pages and puts them all away at once, in Chinese as well", async () => {
  const { user } = await openWindow("/conflicts", {
    language: "zh-CN",
    prepare: () => {
      for (let row = 0; row < 60; row += 1)
        fake.addRejected({ user_id: `new-${row}`, key: "", mine: "{}", rejection: "phone_taken" });
    },
  });
  expect(await screen.findAllByTestId("rejected-edit")).toHaveLength(50);
  expect(screen.getByTestId("nav-conflicts")).toHaveTextContent("60");
  await user.click(screen.getByRole("button", { name: "显示更多" }));
  await waitFor(() => expect(screen.getAllByTestId("rejected-edit")).toHaveLength(60));
  expect(screen.queryByRole("button", { name: "显示更多" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "全部收起（60 条）" }));
  expect(await screen.findByRole("heading", { name: "没有冲突" })).toBeVisible();
  expect(fake.world.rejected).toEqual([]);
});

it("appears without being asked when the backend refuses an edit", async () => {
  await openWindow("/conflicts");
  await screen.findByRole("heading", { name: "No conflicts" });
  await happens(() => {
    fake.world.outbox = [{ user_id: fake.world.people[0]?.id ?? "", key: "sealed", json: "1" }];
    fake.push();
  });
  expect(await card("sealed")).toBeDefined();
});
