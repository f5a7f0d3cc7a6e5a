import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import { happens, openWindow } from "@/testing/openWindow";

const load = () => fake.world.jobs[0]?.id ?? "";

it("shows rows, rate and time left of the first load, phase by phase, and never blanks what is there", async () => {
  await openWindow("/users");
  const [row] = await screen.findAllByTestId("user-row");
  await happens(() => fake.beginFirstLoad(1_000_000));
  await happens(() => fake.goOn(load(), 250_000));
  const job = within(await screen.findByTestId("job"));
  expect(job.getByText("1 of 3: rows")).toBeVisible();
  expect(job.getByText("250,000 of 1,000,000 rows")).toBeVisible();
  expect(job.getByText("250,000 a second")).toBeVisible();
  expect(job.getByText("3 s left")).toBeVisible();
  expect(screen.getByTestId("status-loading")).toHaveTextContent("Loading users · 1 of 3: rows 25%");
  expect(row).toBeVisible();
  await happens(() => fake.goOn(load(), 750_000));
  expect(await job.findByText("2 of 3: order of the lists")).toBeVisible();
  await happens(() => {
    fake.goOn(load(), 1_000_000);
    fake.goOn(load(), 1_000_000);
  });
  await waitFor(() => expect(screen.queryByTestId("job")).not.toBeInTheDocument());
  expect(screen.getByTestId("status-sync")).toHaveTextContent("Synced");
});

it("claims no share and no rows of a phase that has not counted yet", async () => {
  await openWindow("/users", { prepare: () => fake.beginFirstLoad(0) });
  const job = within(await screen.findByTestId("job"));
  expect(job.getByRole("progressbar")).not.toHaveAttribute("aria-valuenow");
  expect(job.getByText(/rows$/)).toHaveTextContent("1 of 3: rows");
  expect(screen.getByTestId("status-loading")).not.toHaveTextContent("%");
});

it("says wherever users are counted that not everybody is loaded yet", async () => {
  const { user } = await openWindow("/users", { prepare: () => fake.beginFirstLoad(1_000_000) });
  expect(await screen.findByText("300 users loaded so far")).toBeVisible();
  await user.click(screen.getByTestId("export"));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText("Not everybody is loaded yet: 300 so far")).toBeVisible();
  expect(dialog.queryByText(/Everybody in this pool/)).not.toBeInTheDocument();
  expect(dialog.getByTestId("export-run")).toBeDisabled();
  await user.keyboard("{Escape}");
  await user.type(screen.getByRole("searchbox", { name: "Find users" }), "a");
  expect(await screen.findByText(/among those loaded so far/)).toBeVisible();
  await user.click(screen.getByTestId("nav-overview"));
  expect(await screen.findByText("loaded so far")).toBeVisible();
});

it("takes no file to import before everybody is loaded, and says why in Chinese as well", async () => {
  await openWindow("/users/import", {
    language: "zh-CN",
    prepare: () => fake.beginFirstLoad(1_000_000),
  });
  expect(await screen.findByText("用户尚未全部载入：目前 300 位")).toBeVisible();
  expect(screen.getByText(/把已有的人当成新人/)).toBeVisible();
  expect(screen.getByTestId("import-choose")).toBeDisabled();
});

it("says nothing of that while everybody is loaded again", async () => {
  await openWindow("/users", { prepare: () => fake.addJob({ kind: "reset", total: 300 }) });
  expect(await screen.findByText("300 users")).toBeVisible();
});

it.each([
  [{ type: "denied" }, "The backend does not accept the access key"],
  [{ type: "offline", host: "id.example.com", since: 0 }, "id.example.com does not answer"],
] as const)("says why nobody comes with a link that is $type", async (link, title) => {
  await openWindow("/users", {
    people: 0,
    prepare: (world) => {
      world.status = { ...world.status, loaded: false, last_sync: null, link };
    },
  });
  expect(await screen.findByRole("heading", { name: title })).toBeVisible();
  expect(screen.queryByRole("heading", { name: "Users are on their way" })).not.toBeInTheDocument();
});

it("counts nobody before anything was ever loaded", async () => {
  await openWindow("/", {
    people: 0,
    prepare: (world) => {
      world.status = { ...world.status, loaded: false, last_sync: null, link: { type: "denied" } };
    },
  });
  const note = await screen.findByText("not loaded yet");
  expect(note.parentElement).toHaveTextContent("Users–not loaded yet");
});

it("pauses and goes on, in Chinese as well", async () => {
  const { user } = await openWindow("/users", {
    language: "zh-CN",
    prepare: () => fake.beginFirstLoad(1_000_000),
  });
  await user.click(await screen.findByRole("button", { name: "暂停" }));
  await waitFor(() => expect(screen.getByTestId("status-loading")).toHaveTextContent("已暂停"));
  await user.click(await screen.findByRole("button", { name: "继续" }));
  await waitFor(() => expect(screen.getByTestId("job")).toHaveAttribute("data-state", "running"));
});

it("says that users are on their way while there are none yet", async () => {
  await openWindow("/users", { people: 0, prepare: () => fake.beginFirstLoad(1_000_000) });
  expect(await screen.findByRole("heading", { name: "Users are on their way" })).toBeVisible();
});

it("says on every page that the local file cannot be written, while that is so", async () => {
  await openWindow("/connections", {
    prepare: (world) => {
      world.status = { ...world.status, trouble: { type: "local_store", detail: "disk full" } };
    },
  });
  expect(await screen.findByText("The local file cannot be read or written")).toBeVisible();
});

it("says what left this machine when the access is taken back, and still shows the settings", async () => {
  const { user } = await openWindow("/users");
  await screen.findAllByTestId("user-row");
  await happens(() => fake.loseAccess(3));
  expect(
    await screen.findByRole("heading", { name: "Your access to this pool was taken back" }),
  ).toBeVisible();
  expect(screen.getByText("3 edits that had not reached the backend went with it.")).toBeVisible();
  expect(screen.queryByTestId("user-row")).not.toBeInTheDocument();
  await user.click(screen.getByRole("link", { name: "Show how to connect" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
});
