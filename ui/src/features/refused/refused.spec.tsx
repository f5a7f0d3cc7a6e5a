import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { RefusedPerson, Role, UserDetail } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { happens, openWindow } from "@/testing/openWindow";

type Change = (user: UserDetail, nth: number) => UserDetail;

/** Everybody is named by their number, and somebody was refused. */
const stage = (given: Partial<RefusedPerson> = {}, role: Role = "admin") => ({
  prepare: (world: World) => {
    const named: Change = (user, nth) => ({
      ...user,
      id: `u${nth}`,
      name: `Person ${nth}`,
      status: "active",
      profile: {},
      metadata: [],
    });
    world.people = world.people.map(named);
    if (world.status.server) world.status = { ...world.status, server: { ...world.status.server, role } };
    fake.addRefused({ nickname: "梅子酒", open_id: "oGZUrefused", times: 4, ...given });
  },
});
const card = async () => within(await screen.findByTestId("refused"));
const person = (id: string) => fake.world.people.find((one) => one.id === id);

it("says who was refused, through what, why and how often", async () => {
  await openWindow("/refused", stage());
  const shown = await card();
  expect(shown.getByRole("heading", { name: "梅子酒" })).toBeVisible();
  expect(await shown.findByText("Member page")).toBeVisible();
  expect(shown.getByText("Nobody here has this WeChat identity")).toBeVisible();
  expect(shown.getByText("came 4 times")).toBeVisible();
  expect(screen.getByTestId("nav-refused")).toHaveTextContent("1");
});

it("shows who was refused since, when it is opened", async () => {
  const { user, client } = await openWindow("/users");
  await waitFor(() => expect(client.getQueryState(["refused", "count", {}])?.status).toBe("success"));
  fake.addRefused({ nickname: "梅子酒" });
  await user.click(screen.getByTestId("nav-refused"));
  expect(await screen.findByRole("heading", { name: "梅子酒" })).toBeVisible();
});

it("binds a person to a user who is found by name, and takes them off the list", async () => {
  const { user } = await openWindow("/refused", stage());
  await user.click(await screen.findByRole("button", { name: "Bind to a user" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Which user is 梅子酒?" }));
  expect(dialog.getByTestId("bind-confirm")).toBeDisabled();
  await user.type(dialog.getByRole("searchbox", { name: "Find the user" }), "Person 217");
  await user.click(await dialog.findByRole("button", { name: /Person 217/ }));
  expect(dialog.getByTestId("bind-meaning")).toHaveTextContent("梅子酒 is the user Person 217");
  await user.click(dialog.getByTestId("bind-confirm"));
  expect(await screen.findByText("梅子酒 is bound to Person 217")).toBeVisible();
  expect(await screen.findByRole("heading", { name: "Nobody was refused" })).toBeVisible();
  expect(person("u217")?.bindings.at(-1)?.open_id).toBe("oGZUrefused");
});

it("forgets the choice when other words are typed", async () => {
  const { user } = await openWindow("/refused", stage());
  await user.click(await screen.findByTestId("refused-bind"));
  const box = await screen.findByTestId("find-user");
  await user.type(box, "Person 217");
  await user.click(await screen.findByTestId("found-user"));
  expect(screen.getByTestId("bind-confirm")).toBeEnabled();
  await user.type(box, "x");
  expect(screen.getByTestId("bind-confirm")).toBeDisabled();
  expect(await screen.findByText('Nobody matches "Person 217x"')).toBeVisible();
});

it("lets a person in as a new user", async () => {
  const { user } = await openWindow("/refused", stage());
  await user.click(await screen.findByRole("button", { name: "Let in as a new user" }));
  expect(await screen.findByText("梅子酒 is a new user and can log in")).toBeVisible();
  expect(fake.world.people).toHaveLength(301);
  expect(fake.world.people[0]?.bindings[0]?.open_id).toBe("oGZUrefused");
});

it("forgets a person, and changes no user", async () => {
  const { user } = await openWindow("/refused", stage());
  await user.click(await screen.findByRole("button", { name: "Forget" }));
  expect(await screen.findByRole("heading", { name: "Nobody was refused" })).toBeVisible();
  expect(screen.getByTestId("nav-refused")).not.toHaveTextContent("1");
  expect(fake.world.people).toHaveLength(300);
});

it("merges the two users of a person who belongs to both", async () => {
  const { user } = await openWindow("/refused", stage({ refusal: "two_users", holders: ["u3", "u4"] }));
  const shown = await card();
  expect(shown.getByText("OpenID and UnionID belong to two users")).toBeVisible();
  expect(shown.queryByTestId("refused-bind")).not.toBeInTheDocument();
  await user.click(shown.getByRole("button", { name: "Merge the two users" }));
  expect(within(await screen.findByTestId("merge-kept")).getByText("Person 3")).toBeVisible();
  await user.click(screen.getByTestId("merge-confirm"));
  expect(await screen.findByText("The two are one user now")).toBeVisible();
  expect(await screen.findByRole("heading", { name: "Nobody was refused" })).toBeVisible();
  expect(person("u4")).toBeUndefined();
});

it("leaves merging to administrators, and everything to those who may edit users", async () => {
  await openWindow("/refused", stage({ refusal: "two_users", holders: ["u3", "u4"] }, "support"));
  expect(await screen.findByRole("button", { name: "Merge the two users" })).toBeDisabled();
  expect(screen.getByRole("button", { name: "Forget" })).toBeEnabled();
});

it("shows a viewer nobody, and says why, in Chinese as well", async () => {
  await openWindow("/refused", { ...stage({}, "viewer"), language: "zh-CN" });
  expect(await screen.findByText("只有客服和管理员可以查看和放行")).toBeVisible();
  expect(screen.queryByTestId("refused")).not.toBeInTheDocument();
});

it("speaks Chinese", async () => {
  await openWindow("/refused", { ...stage(), language: "zh-CN" });
  expect((await card()).getByText("来过 4 次")).toBeVisible();
});

it("names the connection while the backend is away", async () => {
  const { prepare } = stage();
  await openWindow("/refused", {
    prepare: (world) => {
      prepare(world);
      fake.offline(true);
    },
  });
  expect(await (await card()).findByText("Member page")).toBeVisible();
  expect(screen.queryByText("Deleted connection")).not.toBeInTheDocument();
});

it("keeps the list while the backend is away, and says so when something is asked of it", async () => {
  const { user } = await openWindow("/refused", stage());
  await card();
  await happens(() => fake.offline(true));
  await user.click(screen.getByRole("button", { name: "Forget" }));
  expect(await screen.findByText("127.0.0.1:40817 does not answer")).toBeVisible();
  expect(fake.world.refused).toHaveLength(1);
});

it("finds refused people by name and connection, without the backend as well", async () => {
  const { user, pages } = await openWindow("/refused", {
    prepare: (world) => {
      stage().prepare(world);
      fake.addRefused({ nickname: "小鹿", connection_id: "c-pc" });
      fake.addRefused({ nickname: "梅花", connection_id: "c-pc" });
    },
  });
  await screen.findByText("3 people");
  await happens(() => fake.offline(true));
  expect(await screen.findByText("3 people · as of the last sync")).toBeVisible();
  await user.type(screen.getByRole("searchbox", { name: "Find refused people" }), "梅");
  await waitFor(() => expect(screen.getAllByTestId("refused")).toHaveLength(2));
  await user.click(screen.getByTestId("filter-connection"));
  await user.click(await screen.findByRole("button", { name: /商城网站/ }));
  await waitFor(() => expect(screen.getAllByTestId("refused")).toHaveLength(1));
  expect(pages.state.location.search).toEqual({ search: "梅", connection: "c-pc" });
  expect(screen.getByText("1 person · as of the last sync")).toBeVisible();
});

it("says that nobody matches, and shows all again", async () => {
  const { user } = await openWindow("/refused?search=zzz", stage());
  expect(await screen.findByRole("heading", { name: "Nobody here matches" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Show all refused" }));
  expect(await screen.findByRole("heading", { name: "梅子酒" })).toBeVisible();
});

it("shows more of a long list when asked", async () => {
  const begin = stage();
  const { user } = await openWindow("/refused", {
    prepare: (world) => {
      begin.prepare(world);
      for (let nth = 0; nth < 59; nth++) fake.addRefused();
    },
  });
  await waitFor(() => expect(screen.getAllByTestId("refused")).toHaveLength(50));
  expect(screen.getByTestId("nav-refused")).toHaveTextContent("60");
  expect(screen.getByText("60 people")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await waitFor(() => expect(screen.getAllByTestId("refused")).toHaveLength(60));
});
