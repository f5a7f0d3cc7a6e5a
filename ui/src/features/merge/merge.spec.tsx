import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Role } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { openWindow } from "@/testing/openWindow";

/** Two users who are one person: the first has a phone, the second another name and a note. */
const stage = (role: Role = "admin") => ({
  prepare: (world: World) => {
    const [first, second, ...rest] = world.people;
    if (!first || !second) return;
    const bindings = (id: string, user: typeof first) =>
      user.bindings.slice(0, 1).map((one) => Object.assign({}, one, { id }));
    world.people = [
      {
        ...first,
        id: "u1",
        name: "王小明",
        status: "active",
        profile: {
          nickname: { value: "王小明", source: "we_chat" },
          phone: { value: "+8613912345678", source: "we_chat" },
        },
        bindings: bindings("b1", first),
        metadata: [],
      },
      {
        ...second,
        id: "u2",
        name: "Xiaoming Wang",
        status: "active",
        profile: { nickname: { value: "Xiaoming Wang", source: "we_chat" } },
        bindings: bindings("b2", second),
        metadata: [{ key: "note", json: '"vip"', sync: "synced", rejection: null, actor: null, at: 1 }],
      },
      ...rest,
    ];
    if (world.status.server) world.status = { ...world.status, server: { ...world.status.server, role } };
  },
});
const person = (id: string) => fake.world.people.find((one) => one.id === id);
const field = (name: string) =>
  within(
    screen.getAllByTestId("merge-difference").find((one) => one.dataset["field"] === name) as HTMLElement,
  );

async function compare() {
  const opened = await openWindow("/users/u1", stage());
  const { user } = opened;
  await user.click(await screen.findByRole("button", { name: "Merge with another user" }));
  await user.type(await screen.findByTestId("find-user"), "Xiaoming");
  await user.click(await screen.findByRole("button", { name: /Xiaoming Wang/ }));
  await user.click(screen.getByRole("button", { name: "Compare" }));
  await screen.findByTestId("merge-kept");
  return opened;
}

it("shows both users, what differs and what is taken unless somebody chooses", async () => {
  await compare();
  expect(within(screen.getByRole("region", { name: "Stays" })).getByText("王小明")).toBeVisible();
  expect(within(screen.getByRole("region", { name: "Goes" })).getByText("Xiaoming Wang")).toBeVisible();
  expect(field("nickname").getByRole("radio", { name: "王小明" })).toBeChecked();
  expect(field("phone").getByRole("radio", { name: "+86 139 1234 5678" })).toBeChecked();
  expect(field("metadata.note").getByRole("radio", { name: '"vip"' })).toBeChecked();
  expect(screen.getByTestId("merge-result")).toHaveTextContent("王小明, Active, 2 bindings");
  expect(screen.getByText("Xiaoming Wang goes")).toBeVisible();
  expect(screen.getByText(/For 30 days/)).toBeVisible();
});

it("merges with what was chosen, and undoes it from the notice", async () => {
  const { user } = await compare();
  await user.click(field("nickname").getByRole("radio", { name: "Xiaoming Wang" }));
  await waitFor(() => expect(screen.getByTestId("merge-result")).toHaveTextContent("Xiaoming Wang, Active"));
  await user.click(screen.getByTestId("merge-confirm"));
  await user.click(await screen.findByTestId("merge-undo"));
  expect(await screen.findByText("They are two users again")).toBeVisible();
  expect(person("u1")?.name).toBe("王小明");
  expect(person("u2")?.name).toBe("Xiaoming Wang");
});

it("keeps the other one if asked, and opens who stayed", async () => {
  const { user, pages } = await compare();
  await user.click(screen.getByRole("button", { name: "Keep the other one" }));
  await waitFor(() =>
    expect(within(screen.getByTestId("merge-kept")).getByText("Xiaoming Wang")).toBeVisible(),
  );
  await user.click(screen.getByTestId("merge-confirm"));
  await waitFor(() => expect(pages.state.location.pathname).toBe("/users/u2"));
  expect(person("u1")).toBeUndefined();
  expect(person("u2")?.bindings.map(({ id }) => id)).toEqual(["b2", "b1"]);
  const standing = within(await screen.findByTestId("standing-merge"));
  await user.click(standing.getByRole("button", { name: "Undo merge" }));
  await waitFor(() => expect(screen.queryByTestId("standing-merge")).not.toBeInTheDocument());
  expect(person("u1")?.name).toBe("王小明");
});

it("is offered to administrators alone", async () => {
  await openWindow("/users/u1", stage("support"));
  expect(await screen.findByRole("region", { name: "Metadata" })).toBeVisible();
  expect(screen.queryByTestId("merge-open")).not.toBeInTheDocument();
});

it("says that the backend is away instead of comparing", async () => {
  const { user } = await openWindow("/users/u1", { ...stage(), language: "zh-CN" });
  await user.click(await screen.findByRole("button", { name: "与另一用户合并" }));
  await user.type(await screen.findByTestId("find-user"), "Xiaoming");
  await user.click(await screen.findByRole("button", { name: /Xiaoming Wang/ }));
  fake.offline(true);
  await user.click(screen.getByRole("button", { name: "比较" }));
  const dialog = within(screen.getByRole("dialog", { name: "合并两个用户" }));
  expect(await dialog.findByText("127.0.0.1:40817 没有应答")).toBeVisible();
  expect(screen.getByTestId("merge-confirm")).toBeDisabled();
});
