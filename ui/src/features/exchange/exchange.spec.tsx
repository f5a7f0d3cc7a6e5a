import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Role } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import type { World } from "@/ipc/fake/world";
import { happens, openWindow } from "@/testing/openWindow";

const withPreview = (change: Parameters<typeof fake.makePreview>[0] = {}) => ({
  prepare: (world: World) => {
    world.preview = fake.makePreview(change);
  },
});
const asRole = (role: Role) => ({
  prepare: (world: World) => {
    if (world.status.server) world.status = { ...world.status, server: { ...world.status.server, role } };
  },
});
const onlyJob = () => fake.world.jobs[0]?.id ?? "";

it("exports exactly what is listed, after saying how many that is", async () => {
  const { user } = await openWindow("/users?status=active&sort=name&search=a");
  const total = /^(\d+) user/.exec((await screen.findByText(/^\d+ users? match/)).textContent)?.[1];
  await user.click(screen.getByTestId("export"));
  const dialog = within(await screen.findByRole("dialog", { name: `Export ${total} users` }));
  expect(dialog.getByText("Active")).toBeVisible();
  await user.click(dialog.getByRole("radio", { name: /JSON lines/ }));
  await user.click(dialog.getByTestId("export-run"));
  expect(await screen.findByRole("heading", { name: "Export to users.jsonl" })).toBeVisible();
  expect(fake.world.exported).toEqual([
    expect.objectContaining({
      search: "a",
      filter: expect.objectContaining({ status: "active" }),
      sort: { by: "name", descending: false },
    }),
  ]);
});

it("exports nothing when the dialog for the file is closed", async () => {
  const { user } = await openWindow("/users", { prepare: (world) => (world.file = null) });
  await screen.findAllByTestId("user-row");
  await user.click(screen.getByTestId("export"));
  await user.click(await screen.findByTestId("export-run"));
  expect(await screen.findByRole("dialog", { name: "Export 300 users" })).toBeVisible();
  expect(fake.world.jobs).toEqual([]);
});

it("shows how far an export is and how it ended, on every page, until it is put away", async () => {
  const { user } = await openWindow("/users");
  await happens(() => fake.addJob({ kind: "export", total: 300, file: "/home/ops/users.csv" }));
  const status = await screen.findByTestId("status-jobs");
  await happens(() => fake.goOn(onlyJob(), 120));
  await waitFor(() => expect(status).toHaveTextContent("Export to users.csv · 40%"));
  const card = within(await screen.findByTestId("job"));
  expect(card.getByText("120 of 300 rows")).toBeVisible();
  expect(card.getByText("120 a second")).toBeVisible();
  expect(card.getByText("2 s left")).toBeVisible();
  expect(card.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "40");
  await happens(() => fake.goOn(onlyJob(), 180));
  await waitFor(() => expect(screen.getByTestId("job")).toHaveAttribute("data-state", "done"));
  expect(status).toHaveTextContent("done");
  await user.click(card.getByRole("button", { name: "Put away" }));
  expect(screen.queryByTestId("job")).not.toBeInTheDocument();
  expect(screen.queryByTestId("status-jobs")).not.toBeInTheDocument();
});

it("cancels an export", async () => {
  const { user } = await openWindow("/users", {
    prepare: () => fake.addJob({ kind: "export", total: 300, done: 120 }),
  });
  await user.click(await screen.findByTestId("job-cancel"));
  await waitFor(() => expect(screen.getByTestId("job")).toHaveAttribute("data-state", "cancelled"));
});

it("says why a job failed", async () => {
  await openWindow("/users", {
    prepare: () =>
      fake.addJob({
        kind: "export",
        file: "users.csv",
        state: {
          type: "failed",
          error: {
            type: "exchange",
            file: "users.csv",
            problem: { type: "unusable", detail: "no space left" },
          },
        },
      }),
  });
  expect(await screen.findByText("The file could not be read or written")).toBeVisible();
});

it("shows what an import would do before anything is written", async () => {
  const { user } = await openWindow("/users/import", withPreview());
  await user.click(await screen.findByRole("button", { name: "Choose file" }));
  const preview = within(await screen.findByTestId("import-preview"));
  expect(preview.getByTestId("import-creates")).toHaveTextContent("11,902");
  expect(preview.getByTestId("import-updates")).toHaveTextContent("431");
  expect(preview.getByTestId("import-unchanged")).toHaveTextContent("138");
  expect(preview.getByTestId("import-errors")).toHaveTextContent("9");
  const [first, , third] = preview.getAllByTestId("import-error");
  expect(first).toHaveTextContent("Line 17phoneThis is no phone number.");
  expect(third).toHaveTextContent("Line 940idNobody has this id.");
  expect(preview.getByText("and 4 more rows")).toBeVisible();
  expect(preview.getByText("CSV · UTF-8 · 12,480 rows")).toBeVisible();
  expect(preview.getByText("metadata member_tier")).toBeVisible();
  expect(preview.getByText("not read")).toBeVisible();
  expect(fake.world.jobs).toEqual([]);
});

it("imports what was shown, follows it to its end, and leads to what is under way", async () => {
  const { user } = await openWindow("/users/import", withPreview({ rows: 120, creates: 90, updates: 10 }));
  await user.click(await screen.findByTestId("import-choose"));
  await user.click(await screen.findByRole("button", { name: "Import 100 rows" }));
  expect(await screen.findByRole("heading", { name: "Import of members-2026-03.csv" })).toBeVisible();
  await happens(() => fake.goOn(onlyJob(), 120));
  expect(await screen.findByText("100 users are created or changed")).toBeVisible();
  expect(screen.getByRole("link", { name: "Show what is under way" })).toHaveAttribute(
    "href",
    "/users?sync=unsynced",
  );
});

it("has nothing to run where a file changes nothing, in Chinese as well", async () => {
  const { user } = await openWindow("/users/import", {
    ...withPreview({ creates: 0, updates: 0 }),
    language: "zh-CN",
  });
  await user.click(await screen.findByRole("button", { name: "选择文件" }));
  expect(await screen.findByRole("button", { name: "没有可导入的内容" })).toBeDisabled();
  expect(screen.getByText("另有 4 行")).toBeVisible();
});

it("keeps what is shown when no other file is chosen", async () => {
  const { user } = await openWindow("/users/import", withPreview());
  await user.click(await screen.findByTestId("import-choose"));
  await screen.findByTestId("import-preview");
  fake.world.preview = null;
  await user.click(screen.getByRole("button", { name: "Choose another file" }));
  expect(screen.getByTestId("import-preview")).toBeVisible();
});

it("offers no import to a viewer", async () => {
  await openWindow("/users/import", asRole("viewer"));
  expect(await screen.findByText("Only support and administrators can import")).toBeVisible();
  expect(screen.queryByTestId("import-choose")).not.toBeInTheDocument();
});
