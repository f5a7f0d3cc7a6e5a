// Deciding a conflict; what the host refuses is kept for the form.
import { useMutation, useQueryClient } from "@tanstack/react-query";

import type { FieldError, Keep } from "@/ipc/bindings";
import { call, errorView } from "@/ipc/call";
import { commands } from "@/ipc/host";

interface Refused {
  /** Rules that the value broke. */
  fields: FieldError[];
  /** Anything else. */
  error: unknown;
}

export function useResolve(id: string) {
  const client = useQueryClient();
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (keep: Keep) => call(commands.resolveConflict(id, keep)),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["conflicts"] }),
        client.invalidateQueries({ queryKey: ["users"] }),
      ]),
  });
  const view = error ? errorView(error) : null;
  const refused: Refused =
    view?.type === "invalid_fields" && view.fields.length > 0
      ? { fields: view.fields, error: null }
      : { fields: [], error };
  return { resolve: (keep: Keep) => mutate(keep), busy: isPending, refused, forget: reset };
}
