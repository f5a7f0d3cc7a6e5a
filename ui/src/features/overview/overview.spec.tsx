import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";

import { fake } from "@/ipc/fake/control";
import { attemptsQuery } from "@/ipc/queries";
import { wasEditSynced } from "@/lib/editSynced";
import { happens, openWindow } from "@/testing/openWindow";

const edit = () => ({ user_id: fake.world.people[0]?.id ?? "", key: "tier", json: "1" });

it("does not say that nobody tried when the question failed", async () => {
  const { client } = await openWindow("/");
  expect(await screen.findByText("Nobody has tried to log in yet.")).toBeVisible();
  await happens(() => {
    fake.offline(true);
    return client.invalidateQueries({ queryKey: attemptsQuery(8).queryKey });
  });
  expect(await screen.findByTestId("error")).toHaveTextContent("does not answer");
  expect(screen.queryByText("Nobody has tried to log in yet.")).not.toBeInTheDocument();
});

it("says of a waiting edit what is true while the backend is away", async () => {
  await openWindow("/");
  await happens(() => {
    fake.world.outbox = [edit()];
    fake.offline(true);
  });
  expect(await screen.findByText("stored here until the backend answers")).toBeVisible();
});

it("remembers that an edit reached the backend, and not that one waits", async () => {
  await openWindow("/");
  await happens(() => {
    fake.world.outbox = [edit()];
    fake.tellUsers();
  });
  expect(wasEditSynced()).toBe(false);
  await happens(() => fake.push());
  await waitFor(() => expect(wasEditSynced()).toBe(true));
});
