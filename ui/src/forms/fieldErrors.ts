// Which rules the fields of a form break, and when to say so: once a field was left, and at once after a failed save.
import { useCallback, useEffect, useState } from "react";

import type { ErrorView, FieldError, Rule } from "@/ipc/bindings";

/** The refused values of an error, if it is about values. */
export function refusedFields(view: ErrorView): FieldError[] {
  if (view.type === "invalid_fields") return view.fields;
  if (view.type === "backend") return view.problem.fields ?? [];
  return [];
}

/** How long typing may pause before the rules are asked, in milliseconds. */
const pause = 120;

interface FieldErrors {
  /** The rule that a field breaks, once it is time to say so. */
  broken: (field: string) => Rule | undefined;
  /** The field was left: from now on its rule is said. */
  touch: (field: string) => void;
  /** The field changed: what a save said about it is old. */
  change: (field: string) => void;
  /** A save was refused. */
  refuse: (fields: FieldError[]) => void;
  /** Another thing is edited now. */
  forget: () => void;
}

/** Asks `check` about `draft` as it changes. `check` must keep its identity. */
export function useFieldErrors<Draft>(
  draft: Draft,
  check: (draft: Draft) => Promise<FieldError[]>,
): FieldErrors {
  const [found, setFound] = useState<FieldError[]>([]);
  const [refused, setRefused] = useState<FieldError[]>([]);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());

  const key = JSON.stringify(draft);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      check(JSON.parse(key) as Draft).then(
        (errors) => current && setFound(errors),
        // The rules could not be asked; saving asks them again.
        () => {},
      );
    }, pause);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, check]);

  const touch = useCallback((field: string) => setTouched((before) => new Set(before).add(field)), []);
  const change = useCallback(
    (field: string) => setRefused((before) => before.filter((error) => error.field !== field)),
    [],
  );
  const refuse = useCallback((fields: FieldError[]) => {
    setRefused(fields);
    setTouched((before) => new Set([...before, ...fields.map(({ field }) => field)]));
  }, []);
  const forget = useCallback(() => {
    setRefused([]);
    setTouched(new Set());
  }, []);

  const broken = (field: string) =>
    refused.find((error) => error.field === field)?.rule ??
    (touched.has(field) ? found.find((error) => error.field === field)?.rule : undefined);
  return { broken, touch, change, refuse, forget };
}
