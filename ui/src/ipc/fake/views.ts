// Saved views, kept as long as the page.
import type { Commands } from "../contract";
import { here, ok, refuse } from "./world";

export const viewCommands: Pick<Commands, "savedViews" | "saveView" | "deleteView"> = {
  savedViews: async () => ok(here.world.views.toSorted((a, b) => a.name.localeCompare(b.name, "zh-CN"))),
  saveView: async ({ id, name, query }) => {
    const { world } = here;
    if (name.trim() === "")
      return refuse({ type: "invalid_fields", fields: [{ field: "name", rule: "required" }] });
    if (world.views.some((view) => view.name === name.trim() && view.id !== id))
      return refuse({ type: "invalid_fields", fields: [{ field: "name", rule: "name_taken" }] });
    const view = { id: id ?? `view-${world.views.length + 1}`, name: name.trim(), query };
    world.views = [...world.views.filter((one) => one.id !== view.id), view];
    return ok(view);
  },
  deleteView: async (id) => {
    here.world.views = here.world.views.filter((view) => view.id !== id);
    return ok(null);
  },
};
