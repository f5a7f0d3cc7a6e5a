// Storing an edit: what the host answers is shown at once, and what it refuses is kept for the form.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { FieldError, MetadataEdit } from "@/ipc/bindings";
import { call, errorView } from "@/ipc/call";
import { commands } from "@/ipc/host";

import { userQuery } from "./queries";

/** What came of the last edit. */
export interface Refused {
  /** Rules that the fields `key` and `value` broke. */
  fields: FieldError[];
  /** Anything else. */
  error: unknown;
}

const fine: Refused = { fields: [], error: null };

/** `edit` answers whether the edit was stored. */
export function useEditMetadata() {
  const client = useQueryClient();
  const [refused, setRefused] = useState<Refused>(fine);
  const [busy, setBusy] = useState(false);
  const edit = async (change: MetadataEdit): Promise<boolean> => {
    setBusy(true);
    try {
      const user = await call(commands.editMetadata(change));
      // A reading that is under way began before this edit.
      await client.cancelQueries({ queryKey: userQuery(change.user_id).queryKey });
      client.setQueryData(userQuery(change.user_id).queryKey, user);
      // The backend may have taken the edit before this answer arrived: what was just shown can be out of date.
      void client.invalidateQueries({ queryKey: userQuery(change.user_id).queryKey });
      setRefused(fine);
      return true;
    } catch (error) {
      const view = errorView(error);
      setRefused(
        view.type === "invalid_fields" ? { fields: view.fields, error: null } : { fields: [], error },
      );
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { edit, busy, refused, forget: () => setRefused(fine) };
}
