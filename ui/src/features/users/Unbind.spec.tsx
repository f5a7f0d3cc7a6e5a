import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Binding, Role } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { openWindow } from "@/testing/openWindow";

const binding = (id: string, connection: string): Binding => ({
  id,
  kind: "wechat:pc",
  connection,
  app_id: "wx6f2a81c09be3d475",
  open_id: `oGZU${id}`,
  union_id: null,
  first_seen: 1,
  last_seen: 2,
});

const stage = (bindings: Binding[], role: Role = "admin") => ({
  prepare: (world: World) => {
    world.people = world.people.map((user, nth) =>
      nth === 0 ? Object.assign({}, user, { id: "u1", name: "王小明", bindings }) : user,
    );
    if (world.status.server) world.status = { ...world.status, server: { ...world.status.server, role } };
  },
});
const left = () => fake.world.people[0]?.bindings.map(({ id }) => id);
const website = binding("b1", "商城网站");
const page = binding("b2", "Member page");

it("takes a binding away after saying what that means", async () => {
  const { user } = await openWindow("/users/u1", stage([website, page], "support"));
  await user.click(await screen.findByRole("button", { name: "Unbind 商城网站" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Unbind 商城网站?" }));
  expect(dialog.getByText(/王小明 can no longer log in with 商城网站/)).toBeVisible();
  expect(dialog.queryByText(/same UnionID/)).not.toBeInTheDocument();
  expect(left()).toEqual(["b1", "b2"]);
  await user.click(dialog.getByRole("button", { name: "Unbind" }));
  await waitFor(() => expect(left()).toEqual(["b2"]));
  await waitFor(() => expect(screen.queryByText("oGZUb1")).not.toBeInTheDocument());
});

it("warns of a binding that comes back through the UnionID", async () => {
  const shared = [website, page].map((one) => Object.assign({}, one, { union_id: "oY7K1" }));
  const { user } = await openWindow("/users/u1", { ...stage(shared), language: "zh-CN" });
  await user.click(await screen.findByRole("button", { name: "解绑 商城网站" }));
  expect(await screen.findByText(/下次用它登录时会重新绑定/)).toBeVisible();
});

it("keeps the last way in from support", async () => {
  const { user } = await openWindow("/users/u1", stage([website], "support"));
  await user.click(await screen.findByTestId("unbind"));
  await user.click(await screen.findByTestId("unbind-confirm"));
  expect(await within(screen.getByRole("dialog")).findByTestId("error")).toBeVisible();
  expect(screen.queryByTestId("unbind-confirm")).not.toBeInTheDocument();
  expect(screen.queryByTestId("unbind-force")).not.toBeInTheDocument();
  expect(left()).toEqual(["b1"]);
});

it("lets an administrator take the last way in by force", async () => {
  const { user } = await openWindow("/users/u1", stage([website]));
  await user.click(await screen.findByTestId("unbind"));
  await user.click(await screen.findByTestId("unbind-confirm"));
  await user.click(await screen.findByRole("button", { name: "Unbind anyway" }));
  await waitFor(() => expect(left()).toEqual([]));
});

it("is not offered to a viewer", async () => {
  await openWindow("/users/u1", stage([website], "viewer"));
  expect(await screen.findByText("商城网站")).toBeVisible();
  expect(screen.queryByTestId("unbind")).not.toBeInTheDocument();
});
