// Starts the window's interface.
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@/theme/global.css";
import { createRoot } from "react-dom/client";

import { App } from "@/features/frame/App";
import { firstLanguage, startI18n } from "@/i18n/i18n";
import { createQueryClient } from "@/ipc/queries";
import { applyRows } from "@/lib/rows";
import { createPages } from "@/routes/router";

startI18n(firstLanguage(localStorage, navigator.languages));
applyRows();

const client = createQueryClient();
const root = document.querySelector("#root");
if (root) createRoot(root).render(<App client={client} pages={createPages(client)} />);
