import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { UserDetail } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { openWindow } from "@/testing/openWindow";

const rows = () => screen.findAllByTestId("user-row");
const people = (count: number, change: (user: UserDetail, nth: number) => UserDetail) => ({
  prepare: (world: World) => {
    world.people = world.people.slice(0, count).map(change);
  },
});
/** Person 0 to 5, every second one blocked, with names in the order of their numbers. */
const six = people(6, (user, nth) => ({
  ...user,
  id: `u${nth}`,
  name: `Person ${nth}`,
  status: nth % 2 === 0 ? "active" : "blocked",
  profile: {},
  metadata: [],
}));
const names = async () => (await rows()).map((row) => /Person \d/.exec(row.textContent)?.[0]);

it("narrows the list by what is chosen, and says how many are left", async () => {
  const { user, pages } = await openWindow("/users", six);
  await rows();
  await user.click(screen.getByTestId("filter-status"));
  await user.click(await screen.findByRole("button", { name: "Blocked" }));
  expect(await screen.findByText("3 users match")).toBeVisible();
  expect(pages.state.location.search).toEqual({ status: "blocked" });
  expect(await names()).toEqual(["Person 1", "Person 3", "Person 5"]);
});

it("goes back one question at a time, but not through the letters of a search", async () => {
  const { user, pages } = await openWindow("/users", six);
  await rows();
  await user.type(screen.getByRole("searchbox", { name: "Find users" }), "Person");
  await waitFor(() => expect(pages.state.location.search).toEqual({ search: "Person" }));
  await user.click(screen.getByTestId("filter-status"));
  await user.click(await screen.findByRole("button", { name: "Active" }));
  await waitFor(() => expect(pages.state.location.search).toEqual({ search: "Person", status: "active" }));
  pages.history.back();
  await waitFor(() => expect(pages.state.location.search).toEqual({ search: "Person" }));
  pages.history.back();
  await waitFor(() => expect(pages.state.location.search).toEqual({}));
  expect(screen.getByRole("searchbox", { name: "Find users" })).toHaveValue("");
});

it("takes all filters away at once and keeps the search", async () => {
  const { user, pages } = await openWindow("/users?search=Person&status=blocked&union=no", six);
  await user.click(await screen.findByTestId("filters-clear"));
  expect(pages.state.location.search).toEqual({ search: "Person" });
  expect(screen.queryByTestId("filters-clear")).not.toBeInTheDocument();
});

it("takes days as they are typed, and says what is wrong with others, in Chinese as well", async () => {
  const { user, pages } = await openWindow("/users", { ...six, language: "zh-CN" });
  await rows();
  await user.click(screen.getByTestId("filter-created"));
  await user.type(await screen.findByRole("textbox", { name: "从" }), "2026-02-30");
  await user.click(screen.getByRole("button", { name: "应用" }));
  expect(screen.getByText("日期写作 2026-03-31")).toBeVisible();
  await user.clear(screen.getByRole("textbox", { name: "从" }));
  await user.type(screen.getByRole("textbox", { name: "从" }), "2001-02-28");
  await user.click(screen.getByRole("button", { name: "应用" }));
  await waitFor(() => expect(pages.state.location.search).toEqual({ created: "2001-02-28.." }));
  expect(await screen.findByText("2001-02-28 起")).toBeVisible();
});

it("says that nobody is left and how to see more", async () => {
  const { user } = await openWindow("/users?created=..1999-12-31", six);
  expect(await screen.findByRole("heading", { name: "Nobody passes these filters" })).toBeVisible();
  await user.click(screen.getAllByRole("button", { name: "Clear filters" })[1] ?? document.body);
  expect(await rows()).toHaveLength(6);
});

it("leads to the refused people whom the same question means", async () => {
  await openWindow("/users?search=梅", {
    prepare: (world) => {
      six.prepare(world);
      fake.addRefused({ nickname: "梅子酒" });
      fake.addRefused({ nickname: "梅花" });
      fake.addRefused({ nickname: "小鹿" });
    },
  });
  const link = await screen.findByTestId("filter-refused");
  expect(link).toHaveTextContent("2 refused by login-only");
  expect(decodeURIComponent(link.getAttribute("href") ?? "")).toBe("/refused?search=梅");
});

it("sorts by a heading, then the other way round, then as usual", async () => {
  const { user, pages } = await openWindow("/users", six);
  await rows();
  const heading = () => screen.getByRole("columnheader", { name: "User" });
  expect(screen.getByRole("columnheader", { name: "Created" })).toHaveAttribute("aria-sort", "descending");
  await user.click(screen.getByTestId("sort-person"));
  expect(heading()).toHaveAttribute("aria-sort", "ascending");
  await user.click(screen.getByTestId("sort-person"));
  await waitFor(() => expect(heading()).toHaveAttribute("aria-sort", "descending"));
  expect(pages.state.location.search).toEqual({ sort: "-name" });
  await waitFor(async () => expect((await names())[0]).toBe("Person 5"));
  await user.click(screen.getByTestId("sort-person"));
  expect(heading()).toHaveAttribute("aria-sort", "none");
});

it("marks in the rows what was searched for", async () => {
  await openWindow("/users?search=son 3", six);
  const [found] = await rows();
  await waitFor(() => expect(found?.querySelector("mark")).toHaveTextContent("son 3"));
  expect(screen.getByText(/1 user matches/)).toBeVisible();
});

it("keeps a question as a view, applies it, and changes what it asks", async () => {
  const { user, pages } = await openWindow("/users?status=blocked&sort=name", six);
  await user.click(await screen.findByTestId("views"));
  await user.click(await screen.findByTestId("view-save"));
  await user.type(await screen.findByTestId("view-name"), "Blocked people");
  await user.click(screen.getByRole("button", { name: "Save view" }));
  await waitFor(() => expect(screen.getByTestId("views")).toHaveTextContent("Blocked people"));
  expect(fake.world.views[0]?.query).toMatchObject({
    filter: { status: "blocked" },
    sort: { by: "name", descending: false },
  });
  await user.click(screen.getByTestId("filters-clear"));
  await waitFor(() => expect(pages.state.location.search).toEqual({ sort: "name" }));
  await user.click(screen.getByTestId("views"));
  await user.click(await screen.findByTestId("view"));
  await waitFor(() => expect(pages.state.location.search).toMatchObject({ status: "blocked", sort: "name" }));

  await user.click(screen.getByRole("button", { name: "Remove the filter Status" }));
  await waitFor(() => expect(screen.getByTestId("views")).toHaveTextContent("Blocked people, changed"));
  await user.click(screen.getByTestId("views"));
  await user.click(await screen.findByTestId("view-change"));
  await waitFor(() => expect(fake.world.views[0]?.query.filter.status).toBeNull());
});

it("renames a view, refuses a name that is taken, and deletes one after asking", async () => {
  const query = { search: "", filter: {}, sort: {}, after: null, limit: 0 };
  const { user } = await openWindow("/users", {
    prepare: (world) => {
      six.prepare(world);
      world.views = ["One", "Two"].map((name) => ({ id: name, name, query }));
    },
  });
  await user.click(await screen.findByTestId("views"));
  await user.click(await screen.findByRole("button", { name: "Rename One" }));
  const box = await screen.findByTestId("view-name");
  await user.clear(box);
  await user.type(box, "Two{Enter}");
  expect(await screen.findByText("Another entry of this pool already has this name.")).toBeVisible();
  await user.clear(box);
  await user.type(box, "Three{Enter}");
  await waitFor(() => expect(fake.world.views.map(({ name }) => name)).toEqual(["Two", "Three"]));
  await user.click(screen.getByTestId("views"));
  await user.click(await screen.findByRole("button", { name: "Delete Two" }));
  expect(await screen.findByText(/Delete the view Two/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(fake.world.views.map(({ name }) => name)).toEqual(["Three"]));
});

it("closes what is open with Escape and leaves the person beside the list open", async () => {
  const { user } = await openWindow("/users/u2", six);
  await screen.findByTestId("user-detail");
  await user.click(screen.getByTestId("filter-status"));
  const choices = await screen.findByRole("dialog", { name: "Status" });
  expect(within(choices).getByRole("button", { name: "Active" })).toBeVisible();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Status" })).not.toBeInTheDocument());
  expect(screen.getByTestId("user-detail")).toBeVisible();
});
