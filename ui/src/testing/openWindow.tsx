// Opens the whole interface at an address, over the backend in memory.
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";

import { App } from "@/features/frame/App";
import { startI18n, type Language } from "@/i18n/i18n";
import { fake } from "@/ipc/fake/control";
import type { Beginning } from "@/ipc/fake/world";
import { createQueryClient } from "@/ipc/queries";
import { createPages, historyAt } from "@/routes/router";

interface Opening extends Beginning {
  language?: Language;
  /** Changes the world before anything is shown. */
  prepare?: (world: (typeof fake)["world"]) => void;
}

/** The window at `address`, once its page or its failure is shown. */
export async function openWindow(address: string, { language = "en", prepare, ...beginning }: Opening = {}) {
  const i18n = startI18n(language);
  await i18n.changeLanguage(language);
  fake.begin(beginning);
  prepare?.(fake.world);
  const client = createQueryClient();
  const pages = createPages(client, historyAt(address));
  render(<App client={client} pages={pages} env="test" />);
  await screen.findAllByRole("heading", { level: 1 });
  return { user: userEvent.setup({ delay: null }), pages, client, t: i18n.t };
}

/** Something happens at the backend. */
export const happens = (event: () => unknown): Promise<void> =>
  act(async () => {
    event();
  });
