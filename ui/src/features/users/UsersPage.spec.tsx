import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { fake } from "@/ipc/fake/control";
import { commands } from "@/ipc/host";
import { happens, openWindow } from "@/testing/openWindow";

const rows = () => screen.findAllByTestId("user-row");
const name = (nth: number) => fake.world.people[nth]?.name ?? "";
const id = (nth: number) => fake.world.people[nth]?.id ?? "";
/** Everybody has a name and none is like another. */
const named = (world: (typeof fake)["world"]) => {
  world.people = world.people.map((user, nth) => Object.assign(user, { name: `Person ${nth}`, profile: {} }));
};

afterEach(() => {
  vi.restoreAllMocks();
});

it("lists the newest first, with how many there are", async () => {
  await openWindow("/users", { prepare: named });
  const [first] = await rows();
  expect(first).toHaveTextContent("Person 0");
  expect(first).toHaveAttribute("data-user-id", id(0));
  expect(screen.getByText("300 users")).toBeVisible();
  expect((await rows()).length).toBeLessThan(60);
});

it("says all that in Chinese", async () => {
  await openWindow("/users", { language: "zh-CN" });
  expect(await screen.findByRole("heading", { name: "用户" })).toBeVisible();
  expect(await screen.findByText("300 位用户")).toBeVisible();
  expect(screen.getByRole("columnheader", { name: "UnionID / OpenID" })).toBeVisible();
  const [first] = await rows();
  expect(within(first ?? document.body).getByText(/已同步|冲突/)).toBeInTheDocument();
});

it("finds people by what is typed and keeps the question in the address", async () => {
  const { user, pages } = await openWindow("/users", { prepare: named });
  await rows();
  await user.keyboard("/");
  const box = screen.getByRole("searchbox", { name: "Find users" });
  expect(box).toHaveFocus();
  await user.type(box, "Person 217");
  await waitFor(() => expect(pages.state.location.search).toEqual({ search: "Person 217" }));
  await waitFor(async () => expect(await rows()).toHaveLength(1));
  expect(screen.getByText("1 user matches")).toBeVisible();
  expect(box).toHaveValue("Person 217");
});

it("says that it is searching, and nothing of the answer before, until the new one is there", async () => {
  const { user } = await openWindow("/users", { prepare: named });
  await rows();
  let answer = () => {};
  const { users } = commands;
  vi.spyOn(commands, "users").mockImplementationOnce(async (query) => {
    await new Promise<void>((resolve) => (answer = resolve));
    return users(query);
  });
  await user.click(screen.getByRole("searchbox", { name: "Find users" }));
  await user.paste("Person 217");
  expect(await screen.findByText("searching…")).toBeInTheDocument();
  expect(screen.queryByText(/^300 users/)).not.toBeInTheDocument();
  expect(screen.getByRole("grid", { name: "Users" })).toHaveAttribute("aria-busy", "true");
  expect(screen.getByTestId("export")).toBeDisabled();
  await happens(() => answer());
  expect(await screen.findByText("1 user matches")).toBeVisible();
  expect(screen.queryByText("searching…")).not.toBeInTheDocument();
  expect(screen.getByRole("grid", { name: "Users" })).toHaveAttribute("aria-busy", "false");
});

it("finds a pasted OpenID", async () => {
  const { user } = await openWindow("/users");
  const openId = fake.world.people[30]?.bindings[0]?.open_id ?? "";
  await user.click(screen.getByRole("searchbox", { name: "Find users" }));
  await user.paste(openId);
  await waitFor(async () => expect(await rows()).toHaveLength(1));
  expect((await rows())[0]).toHaveAttribute("data-user-id", id(30));
});

it("teaches what to do when nobody is found, and clears the search", async () => {
  const { user, pages } = await openWindow("/users?search=zzzz");
  expect(await screen.findByText('Nobody matches "zzzz"')).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Clear search" }));
  expect((await rows()).length).toBeGreaterThan(5);
  expect(pages.state.location.search).toEqual({});
  expect(screen.getByRole("searchbox", { name: "Find users" })).toHaveValue("");
});

it("leads from an empty pool to the first login", async () => {
  await openWindow("/users", { people: 0 });
  expect(await screen.findByRole("link", { name: "Start a test login" })).toHaveAttribute(
    "href",
    "/connections",
  );
});

it("leads from a pool without connections to creating one", async () => {
  await openWindow("/users", { connections: false });
  expect(await screen.findByRole("link", { name: "Create connection" })).toHaveAttribute(
    "href",
    "/connections/new",
  );
});

it("shows only users with edits under way when asked, and all again", async () => {
  const { user, pages } = await openWindow("/users", { prepare: named });
  await rows();
  fake.addConflict(id(40), { key: "tier", base: null, mine: "1", theirs: "2" });
  await user.click(screen.getByTestId("filter-sync"));
  await user.click(await screen.findByRole("button", { name: "Not yet synced" }));
  await waitFor(async () => expect(await rows()).toHaveLength(1));
  expect((await rows())[0]).toHaveTextContent("Conflict");
  expect(screen.getByText("1 user matches")).toBeVisible();
  expect(pages.state.location.search).toEqual({ sync: "unsynced" });
  await user.click(screen.getByRole("button", { name: "Remove the filter Sync" }));
  expect(await screen.findByText("300 users")).toBeVisible();
});

it("shows a person who just logged in, without being asked", async () => {
  await openWindow("/users", { prepare: named });
  await rows();
  await happens(() => {
    const [first] = fake.world.people;
    if (first) {
      const later = { ...first, id: "new-one", name: "林知夏", created_at: first.created_at + 1 };
      fake.world.people = [later, ...fake.world.people];
    }
    fake.tellUsers();
  });
  await waitFor(async () => expect((await rows())[0]).toHaveTextContent("林知夏"));
  expect(screen.getByText("301 users")).toBeVisible();
});

it("is worked with the keyboard: arrows move, Enter opens, Escape closes", async () => {
  const { user, pages } = await openWindow("/users", { prepare: named });
  await rows();
  const list = screen.getByRole("grid", { name: "Users" });
  list.focus();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{ArrowUp}{Enter}");
  expect(await screen.findByRole("heading", { name: name(1) })).toBeVisible();
  expect(pages.state.location.pathname).toBe(`/users/${id(1)}`);

  // Beside the open person the arrows go on to the next one.
  await user.keyboard("{ArrowDown}");
  expect(await screen.findByRole("heading", { name: name(2) })).toBeVisible();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("user-detail")).not.toBeInTheDocument());
  expect(list).toHaveFocus();
});

it("leaps to the end and back with a key, loading only what is seen", async () => {
  const { user } = await openWindow("/users", { people: 2_000, prepare: named });
  await rows();
  screen.getByRole("grid", { name: "Users" }).focus();
  await user.keyboard("{End}");
  const last = await screen.findByText("Person 1999");
  await waitFor(() => expect(last.closest("[role=row]")).toHaveAttribute("data-active", "true"));
  expect(last.closest("[role=row]")).toHaveAttribute("aria-rowindex", "2001");
  await user.keyboard("{Home}{PageDown}{Enter}");
  expect(await screen.findByTestId("user-detail")).toBeVisible();
});

it("keeps the question while a person is open", async () => {
  const { user, pages } = await openWindow("/users?search=Person%2021", { prepare: named });
  const [first] = await rows();
  if (first) await user.click(first);
  await screen.findByTestId("user-detail");
  expect(pages.state.location.search).toEqual({ search: "Person 21" });
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(pages.state.location.search).toEqual({ search: "Person 21" });
});

it("says what happened to a person who is gone", async () => {
  await openWindow("/users/gone");
  expect(await screen.findByText("This no longer exists")).toBeVisible();
});
