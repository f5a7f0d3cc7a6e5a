import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { UserDetail } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import { openWindow } from "@/testing/openWindow";

/** A person with two bindings, of which one has no UnionID. */
const stage = (change: Partial<UserDetail> = {}) => ({
  prepare: (world: (typeof fake)["world"]) => {
    const [first] = world.people;
    if (!first) return;
    const common = {
      app_id: "wx6f2a81c09be3d475",
      first_seen: first.created_at,
      last_seen: Date.now() - 3_600_000,
    };
    const person: UserDetail = {
      ...first,
      id: "u1",
      name: "王小明",
      profile: {
        name: { value: "王小明", source: "operator" },
        nickname: { value: "小明", source: "we_chat" },
        phone: { value: "+8613912345678", source: "import" },
      },
      bindings: [
        {
          ...common,
          id: "b1",
          kind: "wechat:pc",
          connection: "商城网站",
          open_id: "oGZU1111111111111111",
          union_id: "oY7K2222222222222222",
        },
        {
          ...common,
          id: "b2",
          kind: "wechat:miniprogram:default",
          connection: null,
          open_id: "oGZU3333333333333333",
          union_id: null,
        },
      ],
      ...change,
    };
    world.people = [person, ...world.people.slice(1)];
  },
});

it("shows who said what about a person", async () => {
  await openWindow("/users/u1", stage());
  const profile = within(await screen.findByRole("region", { name: "Profile" }));
  expect(profile.getByText("王小明").parentElement).toHaveTextContent("from an operator");
  expect(profile.getByText("小明").parentElement).toHaveTextContent("from WeChat");
  expect(profile.getByText("+86 139 1234 5678").parentElement).toHaveTextContent("imported");
});

it("shows every binding with its identifiers, and says what is not known", async () => {
  const { user } = await openWindow("/users/u1", stage());
  const bindings = within(await screen.findByRole("region", { name: "Bindings" }));
  expect(bindings.getByText("商城网站")).toBeVisible();
  expect(bindings.getByText("Deleted connection")).toBeVisible();
  expect(bindings.getByText("not known")).toBeVisible();
  expect(bindings.getByText("Website, UnionID known")).toBeInTheDocument();
  expect(bindings.getByText("Mini program, OpenID only")).toBeInTheDocument();
  await user.click(bindings.getByRole("button", { name: "Copy UnionID: oY7K2222222222222222" }));
  expect(fake.world.copied).toEqual(["oY7K2222222222222222"]);
});

it("says in words that a user is blocked", async () => {
  await openWindow("/users/u1", { ...stage({ status: "blocked" }), language: "zh-CN" });
  expect(within(await screen.findByTestId("user-detail")).getByText("已禁用")).toBeVisible();
});

it("explains a person of whom nothing is known", async () => {
  await openWindow("/users/u1", stage({ name: null, profile: {}, bindings: [] }));
  const panel = within(await screen.findByTestId("user-detail"));
  expect(await panel.findByRole("heading", { name: "Unnamed" })).toBeVisible();
  expect(panel.getByText(/Nothing is known but the bindings/)).toBeVisible();
  expect(panel.getByText(/No binding/)).toBeVisible();
});

it("names the window after the person while they are open", async () => {
  const { user } = await openWindow("/users/u1", stage());
  await screen.findByTestId("user-detail");
  await waitFor(() => expect(document.title).toBe("王小明 · Yaopai 腰牌"));
  await user.click(screen.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(document.title).toBe("Users · Yaopai 腰牌"));
});

it("shows the avatar as a picture", async () => {
  await openWindow(
    "/users/u1",
    stage({ profile: { avatar_url: { value: "https://wx.qlogo.cn/a", source: "we_chat" } } }),
  );
  const panel = within(await screen.findByTestId("user-detail"));
  expect(panel.queryByText("https://wx.qlogo.cn/a")).not.toBeInTheDocument();
  const row = panel.getByText("Avatar").nextElementSibling;
  expect(row?.querySelector("img")).toHaveAttribute("src", "https://wx.qlogo.cn/a");
});

it("shows the initial until the picture is there, and again if it does not come", async () => {
  const avatar_url = { value: "https://wx.qlogo.cn/a", source: "we_chat" } as const;
  await openWindow("/users/u1", stage({ profile: { avatar_url } }));
  const panel = await screen.findByTestId("user-detail");
  const [picture] = panel.querySelectorAll("img");
  const avatar = picture?.parentElement;
  expect(avatar).toHaveAttribute("data-size", "40");
  expect(avatar).toHaveTextContent("王");
  if (picture) fireEvent.load(picture);
  expect(avatar).toHaveTextContent("");
  if (picture) fireEvent.error(picture);
  expect(avatar).toHaveTextContent("王");
});
