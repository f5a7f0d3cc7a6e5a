import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import { fake } from "@/ipc/fake/control";
import { happens, openWindow } from "@/testing/openWindow";

const heading = () => screen.getByRole("heading", { level: 1 }).textContent;

describe("language", () => {
  it("changes everything at once, without a reload, and is remembered", async () => {
    const { user } = await openWindow("/settings");
    await user.click(screen.getByTestId("language-switch"));
    expect(await screen.findByRole("heading", { level: 1, name: "设置" })).toBeVisible();
    expect(screen.getByTestId("nav-connections")).toHaveTextContent("连接");
    expect(document.documentElement.lang).toBe("zh-CN");
    expect(document.title).toBe("设置 · Yaopai 腰牌");
    expect(localStorage.getItem("yaopai.language")).toBe("zh-CN");
    await user.click(screen.getByTestId("language-switch"));
    expect(heading()).toBe("Settings");
    expect(document.documentElement.lang).toBe("en");
  });
});

describe("theme", () => {
  it("goes from system to light to dark and is remembered", async () => {
    const { user } = await openWindow("/");
    await user.click(screen.getByTestId("theme-switch"));
    expect(document.documentElement).toHaveAttribute("data-mantine-color-scheme", "light");
    await user.click(screen.getByTestId("theme-switch"));
    expect(document.documentElement).toHaveAttribute("data-mantine-color-scheme", "dark");
    expect(localStorage.getItem("yaopai.theme")).toBe("dark");
  });
});

describe("keyboard", () => {
  it.each([
    ["gc", "/connections"],
    ["gu", "/users"],
    ["gs", "/settings"],
    ["go", "/"],
  ])("%s goes to %s", async (keys, address) => {
    const { user, pages } = await openWindow(address === "/" ? "/settings" : "/");
    await user.keyboard(keys);
    await waitFor(() => expect(pages.state.location.pathname).toBe(address));
  });

  it("leaves letters alone in a text field", async () => {
    const { user, pages } = await openWindow("/users");
    await user.keyboard("/");
    const search = screen.getByRole("searchbox");
    expect(search).toHaveFocus();
    await user.keyboard("gs?");
    expect(search).toHaveValue("gs?");
    expect(pages.state.location.pathname).toBe("/users");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("shows its sheet on ? and hides it on Esc", async () => {
    const { user } = await openWindow("/");
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard" })).toBeVisible();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("moves the focus into the page that opens", async () => {
    const { user } = await openWindow("/");
    await user.click(screen.getByTestId("nav-settings"));
    await waitFor(() => expect(screen.getByRole("main")).toHaveFocus());
  });
});

it("begins every page at its top", async () => {
  const { user } = await openWindow("/connections/new");
  const main = screen.getByRole("main");
  main.scrollTop = 400;
  await user.click(screen.getByTestId("nav-settings"));
  expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
  expect(main.scrollTop).toBe(0);
});

it("shows the names of pages as tooltips only where the rail has no room for them", async () => {
  const { user } = await openWindow("/");
  expect(screen.getByTestId("nav-users")).not.toHaveAttribute("title");
  await user.hover(screen.getByTestId("theme-switch"));
  expect(screen.queryByRole("tooltip")).not.toBeInTheDocument();
});

it("names pages by tooltips where the rail is narrow", async () => {
  const { matchMedia } = window;
  const narrow = vi
    .spyOn(window, "matchMedia")
    .mockImplementation((query) => matchMedia.call(window, query.includes("width <") ? "all" : query));
  await openWindow("/");
  expect(screen.getByTestId("nav-users")).toHaveAttribute("title", "Users");
  narrow.mockRestore();
});

describe("status bar", () => {
  it("follows the backend's coming and going and names the host that is silent", async () => {
    await openWindow("/settings");
    const link = await screen.findByTestId("status-connection");
    expect(link).toHaveAttribute("data-state", "connected");
    await happens(() => fake.offline(true));
    await waitFor(() => expect(link).toHaveAttribute("data-state", "offline"));
    expect(link).toHaveTextContent("Offline · 127.0.0.1:40817");
    await happens(() => fake.offline(false));
    await waitFor(() => expect(link).toHaveAttribute("data-state", "connected"));
  });

  it.each([
    ["en", "Synced just now"],
    ["zh-CN", "刚刚同步"],
  ] as const)("says in %s when it last synced", async (language, words) => {
    await openWindow("/settings", {
      language,
      prepare: (world) => {
        world.status = { ...world.status, last_sync: Date.now() };
      },
    });
    expect(await screen.findByTestId("status-sync")).toHaveTextContent(words);
  });

  it("asks again by itself what failed while the backend was away", async () => {
    await openWindow("/connections", {
      prepare: () => fake.offline(true),
    });
    expect(await screen.findByTestId("error")).toHaveTextContent("does not answer");
    await happens(() => fake.offline(false));
    expect(await screen.findAllByTestId("connection-row")).toHaveLength(3);
    expect(screen.queryByTestId("error")).toBeNull();
  });

  it("says which WeChat this is, in a word and not in colour alone", async () => {
    await openWindow("/settings", {
      prepare: (world) => {
        if (world.status.server)
          world.status = { ...world.status, server: { ...world.status.server, wechat: { type: "real" } } };
      },
    });
    expect(await screen.findByTestId("status-environment")).toHaveTextContent("Real WeChat");
  });
});

describe("overview", () => {
  it("ticks the steps that are really done and shows the next one", async () => {
    await openWindow("/", { connections: false });
    const next = await screen.findByText("Create a connection");
    expect(next.closest("li")).toHaveAttribute("data-next", "true");
  });
});
