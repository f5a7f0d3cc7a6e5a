import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import { wrongSecret } from "@/ipc/fake/seeds";
import { tellStatus } from "@/ipc/fake/world";
import { happens, openWindow } from "@/testing/openWindow";

const state = () => screen.getByTestId("test-login-state").dataset["state"];

async function openTest(id = "c-pc", options: Parameters<typeof openWindow>[1] = {}) {
  const opened = await openWindow(`/connections/${id}?test=${id}`, options);
  const panel = await screen.findByTestId("test-login");
  return { ...opened, panel };
}

describe("test login", () => {
  it("walks from the code to the person without a reload", async () => {
    await openTest();
    expect(await screen.findByTestId("test-login-qr")).toBeVisible();
    expect(state()).toBe("waiting");
    await happens(() => fake.phone.scan());
    expect(state()).toBe("scanned");
    expect(screen.getByText("Somebody scanned it and has not decided yet.")).toBeVisible();
    await happens(() => fake.phone.approve("new"));
    const verdict = await screen.findByTestId("test-login-verdict");
    expect(verdict).toHaveAttribute("data-outcome", "create");
    expect(verdict).toHaveTextContent("林知夏 was created as a new user");
    expect(state()).toBe("decided");
    expect(within(verdict).getByRole("link", { name: "Show this person" })).toHaveAttribute(
      "href",
      `/users/${fake.world.people[0]?.id}`,
    );
  });

  it("leads to the simulated phone in the sandbox, and to WeChat elsewhere", async () => {
    const { user, panel } = await openTest();
    await user.click(await screen.findByTestId("open-simulated-phone"));
    expect(within(panel).getByText("Log in with the simulated phone. It needs no WeChat.")).toBeVisible();
    expect(fake.world.opened).toHaveLength(1);
    const { server } = fake.world.status;
    if (server) await happens(() => tellStatus({ server: { ...server, wechat: { type: "real" } } }));
    expect(await within(panel).findByText("Open WeChat and scan the code.")).toBeVisible();
    expect(screen.queryByTestId("open-simulated-phone")).not.toBeInTheDocument();
  });

  it("waits for no scan any more once somebody has scanned", async () => {
    const { panel } = await openTest();
    await screen.findByTestId("test-login-qr");
    expect(within(panel).getByText("Wait for the scan")).toBeVisible();
    await happens(() => fake.phone.scan());
    expect(within(panel).getByText("Wait for the person to decide")).toBeVisible();
    expect(within(panel).queryByText("Wait for the scan")).not.toBeInTheDocument();
  });

  it("says each state in Chinese too", async () => {
    await openTest("c-pc", { language: "zh-CN" });
    expect(await screen.findByTestId("test-login-state")).toHaveTextContent("等待扫码");
    await happens(() => fake.phone.scan());
    expect(screen.getByTestId("test-login-state")).toHaveTextContent("已扫码，等待确认");
    await happens(() => fake.phone.refuse());
    expect(screen.getByTestId("test-login-state")).toHaveTextContent("已在手机上拒绝");
    expect(screen.getByTestId("test-login-veil")).toHaveTextContent("重新生成");
  });

  it("veils an expired code and draws a new one", async () => {
    const { user } = await openTest();
    await screen.findByTestId("test-login-qr");
    const first = fake.world.attempts[0]?.id;
    await happens(() => fake.phone.expire());
    const veil = screen.getByTestId("test-login-veil");
    expect(screen.getByTestId("test-login-qr")).toBeInTheDocument();
    await user.click(within(veil).getByRole("button", { name: "Draw a new code" }));
    await waitFor(() => expect(state()).toBe("waiting"));
    expect(fake.world.attempts[0]?.id).not.toBe(first);
    expect(screen.queryByTestId("test-login-veil")).toBeNull();
  });

  it("opens the leg that failed and says the fix, with WeChat's number and request id", async () => {
    await openTest("c-pc", { prepare: (world) => world.secrets.set("c-pc", wrongSecret) });
    await screen.findByTestId("test-login-qr");
    await happens(() => fake.phone.approve());
    const verdict = await screen.findByTestId("test-login-verdict");
    expect(verdict).toHaveAttribute("data-outcome", "fail");
    expect(verdict).toHaveTextContent("40125");
    expect(verdict).toHaveTextContent("AppSecret");
    const failed = document.querySelector("details[data-leg=code_exchange]");
    expect(failed).toHaveAttribute("open");
    expect(failed).toHaveTextContent("66f1a2b3-41c0de77-0b5e91aa");
    expect(document.querySelector("details[data-leg=qr_page]")).not.toHaveAttribute("open");
  });

  it("says in the same place why a code could not be drawn", async () => {
    await openTest("c-mini", { prepare: (world) => world.secrets.set("c-mini", wrongSecret) });
    const error = await screen.findByTestId("test-login-start-error");
    expect(error).toHaveTextContent("40125");
    expect(screen.queryByTestId("test-login-qr")).toBeNull();
  });

  it("offers a disabled connection the dry run only and says why", async () => {
    await openTest("c-page");
    await screen.findByTestId("test-login-qr");
    expect(fake.world.attempts[0]?.dry_run).toBe(true);
    expect(screen.getByText(/The connection is disabled, so only a dry run is possible/)).toBeVisible();
    expect(screen.getByRole("radio", { name: "Log in for real" })).toBeDisabled();
  });

  it("says that what is not saved is not tested", async () => {
    const { user } = await openWindow("/connections/c-pc");
    await user.type(await screen.findByRole("textbox", { name: /^Display name/ }), "x");
    await user.click(screen.getByTestId("start-test-login"));
    expect(await screen.findByText("Unsaved changes are not part of this test")).toBeVisible();
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Discard changes" }));
    await user.click(screen.getByTestId("start-test-login"));
    await screen.findByTestId("test-login-qr");
    expect(screen.queryByText("Unsaved changes are not part of this test")).toBeNull();
  });

  it("leads from a person whom login-only mode refuses to where they can be let in", async () => {
    const { user } = await openTest("c-pc", {
      prepare: (world) => {
        world.connections = world.connections.map((one) =>
          one.id === "c-pc" ? Object.assign({}, one, { login_only: true }) : one,
        );
      },
    });
    await screen.findByTestId("test-login-qr");
    await happens(() => fake.phone.approve("new"));
    await user.click(await screen.findByRole("link", { name: "Show refused people" }));
    expect(await screen.findByRole("heading", { name: "林知夏" })).toBeVisible();
    expect(screen.getByTestId("nav-refused")).toHaveTextContent("1");
  });

  it("says a refusal once and offers it for a ticket", async () => {
    const { user, panel } = await openTest();
    await screen.findByTestId("test-login-qr");
    await happens(() => fake.phone.refuse());
    expect(within(panel).getAllByText(/refused on the phone/i)).toHaveLength(1);
    expect(within(panel).getByRole("img", { name: "Refused" })).toBeVisible();
    await user.click(within(panel).getByRole("button", { name: "Copy for the ticket" }));
    expect(fake.world.copied[0]).toContain("state: refused");
  });

  it("shows the steps of an attempt of the past", async () => {
    const { user, pages } = await openTest();
    await screen.findByTestId("test-login-qr");
    await happens(() => fake.phone.approve("new"));
    await pages.navigate({ to: "/" });
    await user.click(await screen.findByRole("button", { name: "林知夏 was created as a new user" }));
    const attempt = await screen.findByTestId("attempt");
    expect(within(attempt).getByText("Exchange the code")).toBeVisible();
    expect(within(attempt).getByRole("link", { name: "Show this person" })).toBeVisible();
    expect(within(attempt).queryByRole("button", { name: "Test again" })).toBeNull();
    await user.keyboard("{Escape}");
    expect(screen.queryByTestId("attempt")).toBeNull();
  });

  it("warns when a phone cannot reach the callback host and that the scan of a web page is not seen", async () => {
    await openTest("c-page");
    expect(await screen.findByText("A phone cannot reach members.example.com")).toBeVisible();
    expect(screen.getByText(/WeChat does not report the scan/)).toBeVisible();
  });

  it("withdraws the code when the panel is closed", async () => {
    const { user } = await openTest();
    await screen.findByTestId("test-login-qr");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("test-login")).toBeNull());
    expect(fake.world.attempts[0]?.state).toBe("cancelled");
  });

  it("draws another code when the mode changes", async () => {
    const { user } = await openTest();
    await screen.findByTestId("test-login-qr");
    await user.click(screen.getByRole("radio", { name: "Dry run" }));
    await waitFor(() => expect(fake.world.attempts[0]?.dry_run).toBe(true));
    expect(fake.world.attempts[1]?.state).toBe("cancelled");
  });

  it.each(["c-pc", "c-mini"])("opens the code of %s as the sandbox's phone", async (id) => {
    const { user } = await openTest(id);
    await user.click(await screen.findByTestId("open-simulated-phone"));
    expect(fake.world.opened[0]).toMatch(/^http:\/\/127\.0\.0\.1:40818\//);
    expect(screen.getByRole("button", { name: "Copy Text of the code" })).toBeVisible();
  });

  it("copies the attempt for a ticket", async () => {
    const { user } = await openTest();
    await screen.findByTestId("test-login-qr");
    await happens(() => fake.phone.approve());
    await user.click(await screen.findByRole("button", { name: "Copy for the ticket" }));
    expect(fake.world.copied[0]).toContain("connection: shop-website (wechat:pc, wx6f2a81c09be3d475)");
    expect(fake.world.copied[0]).toContain("code_exchange: done");
  });
});
