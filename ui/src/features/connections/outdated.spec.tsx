import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Connection } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import { openWindow } from "@/testing/openWindow";

const stored = () => fake.world.connections.find(({ id }) => id === "c-pc");
/** Another administrator saves, and this window has not heard of it. */
const elsewhere = (change: Partial<Connection>) => {
  fake.world.connections = fake.world.connections.map((one) =>
    one.id === "c-pc" ? { ...one, ...change, updated_at: one.updated_at + 1 } : one,
  );
};
const input = (label: string | RegExp) => screen.findByLabelText(label);

it("does not overwrite what somebody else saved, and keeps what was typed", async () => {
  const { user } = await openWindow("/connections/c-pc");
  const name = await input(/^Display name/);
  await user.clear(name);
  await user.type(name, "商城");
  elsewhere({ display_name: "网站", app_id: "wxfedcba9876543210", login_only: true });

  await user.click(screen.getByTestId("save-connection"));
  const notice = await screen.findByTestId("error");
  expect(notice).toHaveTextContent("Somebody else changed this connection since you opened it");
  expect(notice).toHaveTextContent("Nothing was saved.");
  expect(stored()?.display_name).toBe("网站");

  await user.click(screen.getByRole("button", { name: "Load their changes" }));
  await waitFor(() => expect(screen.queryByTestId("error")).not.toBeInTheDocument());
  expect(name).toHaveValue("商城");
  await waitFor(async () => expect(await input(/^AppID/)).toHaveValue("wxfedcba9876543210"));

  await user.click(screen.getByTestId("save-connection"));
  await waitFor(() =>
    expect(stored()).toMatchObject({
      display_name: "商城",
      app_id: "wxfedcba9876543210",
      login_only: true,
    }),
  );
});

it("says that in Chinese, and copies all of it for the ticket", async () => {
  const { user } = await openWindow("/connections/c-pc", { language: "zh-CN" });
  await user.type(await input(/^显示名称/), "2");
  elsewhere({});
  await user.click(screen.getByTestId("save-connection"));
  expect(await screen.findByRole("button", { name: "载入对方的更改" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "复制详情" }));
  const [copied = ""] = fake.world.copied;
  expect(copied).toContain("有人改动了这个连接");
  expect(copied).toContain("尚未保存任何内容。");
  expect(copied).toContain("code: outdated");
});
