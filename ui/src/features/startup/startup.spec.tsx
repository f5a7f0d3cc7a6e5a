import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { en } from "@/i18n/en";
import { zhCN } from "@/i18n/zh-CN";
import type { StartupProblem } from "@/ipc/bindings";
import { fake } from "@/ipc/fake/control";
import { openWindow } from "@/testing/openWindow";

const problems: StartupProblem[] = [
  "newer_backend",
  "damaged_backend",
  "already_running",
  "data_directory",
  "configuration",
  "embedded_server",
];

describe.each([
  ["en", en.frame.startup.problems],
  ["zh-CN", zhCN.frame.startup.problems],
] as const)("a start that failed, in %s", (language, words) => {
  it.each(problems)("%s: says what happened, what it means, what to do", async (problem) => {
    await openWindow("/", {
      language,
      prepare: (world) => {
        world.startup = { type: "failed", problem, subject: "/data/replica.db", detail: "schema 9, known 4" };
      },
    });
    const page = screen.getByTestId("startup-failure");
    for (const part of ["title", "meaning", "advice"] as const)
      expect(page).toHaveTextContent(words[problem][part]);
    expect(page).toHaveTextContent("/data/replica.db");
    expect(screen.queryByTestId("nav-overview")).toBeNull();
  });
});

describe("startup", () => {
  it("copies the details of a failure for a ticket", async () => {
    const { user } = await openWindow("/", {
      prepare: (world) => {
        world.startup = {
          type: "failed",
          problem: "newer_backend",
          subject: "/data/replica.db",
          detail: "schema 9",
        };
      },
    });
    await user.click(screen.getByRole("button", { name: "Copy details" }));
    expect(fake.world.copied).toEqual(["newer_backend\n/data/replica.db\nschema 9"]);
  });

  it("says which damaged file was put aside until it is dismissed", async () => {
    const { user } = await openWindow("/", {
      prepare: (world) => {
        world.startup = { type: "ready", kept_aside: ["/data/replica.damaged.db"] };
      },
    });
    expect(screen.getByText("/data/replica.damaged.db")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText("/data/replica.damaged.db")).toBeNull();
  });
});
