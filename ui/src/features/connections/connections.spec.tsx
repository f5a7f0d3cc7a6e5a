import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { en } from "@/i18n/en";
import { zhCN } from "@/i18n/zh-CN";
import type { Rule } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import { happens, openWindow } from "@/testing/openWindow";

const secret = "0123456789abcdef0123456789abcdef";
const input = (name: string) => {
  const found = document.querySelector<HTMLInputElement>(`[name="${name}"]`);
  if (!found) throw new Error(`no input ${name}`);
  return found;
};

async function openForm(kind = "wechat:pc", options: Parameters<typeof openWindow>[1] = {}) {
  const opened = await openWindow("/connections/new", options);
  await opened.user.click(screen.getByTestId(`kind-${kind}`));
  await waitFor(() => input("identifier"));
  return opened;
}

type User = Awaited<ReturnType<typeof openForm>>["user"];

async function paste(user: User, name: string, value: string) {
  await user.click(input(name));
  await user.paste(value);
}

async function fill(user: User, values: Record<string, string>) {
  for (const [name, value] of Object.entries(values)) {
    // One field after the other, as a person fills them in.
    // oxlint-disable-next-line no-await-in-loop
    await paste(user, name, value);
  }
}

const connection = (id: string) => fake.world.connections.find((one) => one.id === id);

const good = {
  display_name: "收银台",
  identifier: "cash-desk",
  app_id: "wx0123456789abcdef",
  app_secret: secret,
  callback_url: "https://cash.example.com/back",
};

describe.each([
  ["en", en.rules],
  ["zh-CN", zhCN.rules],
] as const)("rules at their fields in %s", (language, rules) => {
  it.each<[string, string, Rule]>([
    ["identifier", "Cash Desk", "identifier_characters"],
    ["identifier", "a".repeat(32), "identifier_length"],
    ["display_name", "x".repeat(65), "display_name_length"],
    ["app_id", "wx12", "app_id_shape"],
    ["app_secret", "short", "app_secret_shape"],
    ["callback_url", "shop.example.com", "callback_url_shape"],
    ["callback_url", "https://shop.example.com/#x", "callback_url_fragment"],
    ["callback_url", "https://me:pw@shop.example.com/", "callback_url_credentials"],
  ])("%s: %s", async (field, typed, rule) => {
    const { user } = await openForm("wechat:pc", { language });
    await paste(user, field, typed);
    expect(input(field)).not.toHaveAttribute("aria-invalid", "true");
    await user.tab();
    await waitFor(() => expect(input(field)).toHaveAccessibleDescription(rules[rule]));
    expect(input(field)).toHaveAttribute("aria-invalid", "true");
  });
});

describe("a connection", () => {
  it("is not saved while a rule is broken, and the first broken field has the focus", async () => {
    const { user } = await openForm();
    await fill(user, { ...good, app_id: "wx12" });
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() => expect(input("app_id")).toHaveAccessibleDescription(en.rules.app_id_shape));
    expect(input("app_id")).toHaveFocus();
    expect(fake.world.connections).toHaveLength(3);
  });

  it("shows what only the backend knows at its field, until it is typed over", async () => {
    const { user } = await openForm();
    await fill(user, { ...good, identifier: "shop-website" });
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() => expect(input("identifier")).toHaveAccessibleDescription(en.rules.identifier_taken));
    await user.type(input("identifier"), "-2");
    await waitFor(() => expect(input("identifier")).not.toHaveAttribute("aria-invalid", "true"));
  });

  it("keeps its secret out of the page and of every cache once it is saved", async () => {
    const { user, client } = await openForm();
    await fill(user, good);
    await user.click(screen.getByTestId("save-connection"));
    await screen.findByTestId("stored-secret");
    expect(input("app_secret")).toHaveValue("");
    const values = [...document.querySelectorAll("input, textarea")].map(
      (field) => (field as HTMLInputElement).value,
    );
    expect(values.join("\n")).not.toContain(secret);
    expect(document.documentElement.outerHTML).not.toContain(secret);
    const cached = [...client.getQueryCache().getAll(), ...client.getMutationCache().getAll()].map(
      (entry) => entry.state,
    );
    expect(JSON.stringify(cached)).not.toContain(secret);
  });

  it("keeps the stored secret when the field stays empty", async () => {
    const { user } = await openWindow("/connections/c-pc");
    expect(await screen.findByTestId("stored-secret")).toHaveTextContent("9c41e07ab2d6");
    await user.type(input("display_name"), " 2");
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() => expect(connection("c-pc")?.display_name).toBe("商城网站 2"));
    expect(connection("c-pc")?.secret.fingerprint).toBe("9c41e07ab2d6");
    expect(fake.world.secrets.has("c-pc")).toBe(false);
  });

  it("does not let its identifier be typed over and shows the save bar only when something changed", async () => {
    const { user } = await openWindow("/connections/c-pc");
    await waitFor(() => expect(input("identifier")).toHaveAttribute("readonly"));
    expect(screen.queryByTestId("save-connection")).toBeNull();
    await user.type(input("display_name"), "x");
    expect(screen.getByTestId("save-connection")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Discard changes" }));
    expect(input("display_name")).toHaveValue("商城网站");
    expect(screen.queryByTestId("save-connection")).toBeNull();
  });

  it("asks before unsaved changes are left behind", async () => {
    const { user, pages } = await openWindow("/connections/c-pc");
    await waitFor(() => input("display_name"));
    await user.type(input("display_name"), "x");
    await user.click(screen.getByTestId("nav-settings"));
    await user.click(await screen.findByRole("button", { name: "Keep editing" }));
    expect(pages.state.location.pathname).toBe("/connections/c-pc");
    await user.click(screen.getByTestId("nav-settings"));
    await user.click(await screen.findByRole("button", { name: "Leave and discard" }));
    await waitFor(() => expect(pages.state.location.pathname).toBe("/settings"));
  });

  it("takes the sandbox's app of its kind", async () => {
    const { user } = await openForm("wechat:miniprogram:default");
    await user.click(await screen.findByTestId("use-sandbox-app"));
    expect(input("app_id")).toHaveValue("wx00000000000000c3");
    expect(input("app_secret")).toHaveValue("c3".repeat(16));
  });

  it("has no callback when no browser comes back", async () => {
    await openForm("wechat:miniprogram:default");
    expect(document.querySelector("[name=callback_url]")).toBeNull();
  });

  it("is enabled and disabled apart from saving", async () => {
    const { user } = await openWindow("/connections/c-pc");
    const enabled = await screen.findByRole("switch", { name: "People can log in" });
    await user.click(enabled);
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent(/\d+ people log in with this connection/);
    expect(connection("c-pc")?.enabled).toBe(true);
    await user.click(within(dialog).getByRole("button", { name: "Disable connection" }));
    await waitFor(() => expect(enabled).toHaveAccessibleName("Nobody can log in"));
    expect(connection("c-pc")?.enabled).toBe(false);
    expect(screen.queryByTestId("save-connection")).toBeNull();
  });

  it("is disabled without a question when nobody uses it", async () => {
    const { user } = await openWindow("/connections/c-pc", { prepare: (world) => (world.people = []) });
    await user.click(await screen.findByRole("switch", { name: "People can log in" }));
    await waitFor(() => expect(connection("c-pc")?.enabled).toBe(false));
  });

  it("takes the focus to the first empty field, as one reads", async () => {
    const { user } = await openForm();
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() => expect(input("display_name")).toHaveAccessibleDescription(en.rules.required));
    expect(input("display_name")).toHaveFocus();
  });

  it("leaves out the blanks around what was pasted", async () => {
    const { user } = await openForm();
    await paste(user, "app_id", " wx0123456789abcdef ");
    await user.tab();
    expect(input("app_id")).toHaveValue("wx0123456789abcdef");
  });

  it("shows login-only as it is stored, and stores the change", async () => {
    const { user } = await openWindow("/connections/c-page");
    const loginOnly = await screen.findByRole("switch", { name: /^Login-only mode/ });
    expect(loginOnly).toBeChecked();
    await user.click(loginOnly);
    expect(loginOnly).not.toBeChecked();
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() => expect(connection("c-page")?.login_only).toBe(false));
  });

  it("says that new people are refused as soon as login-only is chosen", async () => {
    const { user } = await openForm();
    await user.click(screen.getByRole("switch", { name: /^Login-only mode/ }));
    expect(screen.getByText(/New people are refused/)).toBeVisible();
  });

  it("says who loses access before it is deleted, and wants its identifier typed", async () => {
    const { user, pages } = await openWindow("/connections/c-pc");
    await user.click(await screen.findByRole("button", { name: "More actions" }));
    await user.click(await screen.findByRole("menuitem", { name: "Delete connection" }));
    const dialog = await screen.findByRole("dialog");
    expect(await within(dialog).findByText(/people log in with this connection/)).toBeVisible();
    expect(within(dialog).getByText(/it is the only way in/)).toBeVisible();
    const confirm = within(dialog).getByRole("button", { name: "Delete connection" });
    expect(confirm).toBeDisabled();
    await user.type(within(dialog).getByRole("textbox"), "shop-website");
    await user.click(confirm);
    await waitFor(() => expect(pages.state.location.pathname).toBe("/connections"));
    expect(connection("c-pc")).toBeUndefined();
  });

  it("keeps what was typed when the backend does not answer", async () => {
    const { user } = await openForm();
    await fill(user, good);
    fake.offline(true);
    await user.click(screen.getByTestId("save-connection"));
    expect(await screen.findByTestId("error")).toHaveTextContent("127.0.0.1:40817");
    expect(input("display_name")).toHaveValue("收银台");
  });
});

describe("verification file", () => {
  const choose = async (name: string, content: string) => {
    const opened = await openForm();
    const field = document.querySelector<HTMLInputElement>("input[type=file]");
    if (!field) throw new Error("no file input");
    await opened.user.upload(field, new File([content], name, { type: "text/plain" }));
    return opened;
  };

  it("shows name and size of the chosen file and can be removed", async () => {
    const { user } = await choose("MP_verify_aB3dE5fG7hJ9kL1m.txt", "aB3dE5fG7hJ9kL1m");
    const file = await screen.findByTestId("verification-file");
    expect(file).toHaveTextContent("MP_verify_aB3dE5fG7hJ9kL1m.txt");
    expect(file).toHaveTextContent("16 bytes");
    await waitFor(() => expect(file).toHaveTextContent("Will be served at"));
    await user.click(within(file).getByRole("button", { name: "Remove verification file" }));
    expect(screen.queryByTestId("verification-file")).toBeNull();
  });

  it("says the rule at its place when WeChat uses no such name", async () => {
    await choose("notes.txt", "hello");
    expect(await screen.findByText(en.rules.verification_file_name)).toBeVisible();
  });

  it("can be typed", async () => {
    const { user } = await openForm();
    await fill(user, good);
    await user.click(screen.getByRole("button", { name: "type it" }));
    await paste(user, "verification_file.name", "6ynZPDvfTF.txt");
    await paste(user, "verification_file.content", "校验");
    await user.click(screen.getByTestId("save-connection"));
    await waitFor(() =>
      expect(connection("c-cash-desk")?.verification_file).toEqual({
        name: "6ynZPDvfTF.txt",
        content_base64: "5qCh6aqM",
      }),
    );
  });
});

describe.each([
  ["support", true],
  ["viewer", false],
] as const)("the role %s", (role, mayTest) => {
  const prepare: NonNullable<Parameters<typeof openWindow>[1]>["prepare"] = (world) => {
    if (world.status.server) world.status.server.role = role;
  };

  it("reads a connection, with the reason why nothing can be changed", async () => {
    await openWindow("/connections/c-pc", { prepare });
    expect(await screen.findByText("Only an administrator changes connections")).toBeVisible();
    expect(input("display_name")).toBeDisabled();
    expect(screen.getByTestId("connection-enabled")).toBeDisabled();
    expect(screen.queryByRole("button", { name: "More actions" })).toBeNull();
    expect(screen.getByTestId<HTMLButtonElement>("start-test-login").disabled).toBe(!mayTest);
  });

  it("is offered no new connection", async () => {
    const { pages } = await openWindow("/connections", { prepare });
    await screen.findAllByTestId("connection-row");
    expect(screen.queryByTestId("create-connection")).toBeNull();
    await pages.navigate({ to: "/connections/new" });
    expect(await screen.findByRole("heading", { name: "New connection" })).toBeVisible();
    expect(screen.queryByTestId("kind-wechat:pc")).toBeNull();
  });
});

describe("setup sheet", () => {
  it("follows what is typed and copies each value exactly", async () => {
    const { user } = await openForm();
    await fill(user, { identifier: "cash-desk", callback_url: "https://cash.example.com/back" });
    const sheet = screen.getByTestId("setup-sheet");
    expect(await within(sheet).findByText("cash.example.com")).toBeVisible();
    expect(sheet).toHaveTextContent("管理中心 → 网站应用");
    await user.click(within(sheet).getByRole("button", { name: "Copy 授权回调域" }));
    expect(fake.world.copied).toEqual(["cash.example.com"]);
  });
});

describe("list", () => {
  it("opens a connection by its row and tests it by its button", async () => {
    const { user, pages } = await openWindow("/connections");
    const rows = await screen.findAllByTestId("connection-row");
    const first = rows.find((row) => row.dataset["identifier"] === "shop-website");
    if (!first) throw new Error("no row");
    await user.click(within(first).getByRole("button", { name: "Test login with 商城网站" }));
    expect(await screen.findByTestId("test-login-qr")).toBeVisible();
    expect(pages.state.location.pathname).toBe("/connections");
    await user.keyboard("{Escape}");
    await user.click(first);
    await waitFor(() => expect(pages.state.location.pathname).toBe("/connections/c-pc"));
  });

  it("says that the backend is away instead of looking empty", async () => {
    await openWindow("/connections", { connections: false });
    await screen.findByText("No connection yet");
    await happens(() => fake.offline(true));
    expect(await screen.findByTestId("error")).toHaveTextContent("127.0.0.1:40817 does not answer");
    expect(screen.queryByText("No connection yet")).toBeNull();
  });

  it("teaches the first step when it is empty", async () => {
    await openWindow("/connections", { connections: false });
    expect(await screen.findByText("No connection yet")).toBeVisible();
    expect(screen.getAllByTestId("create-connection")).toHaveLength(1);
  });
});
