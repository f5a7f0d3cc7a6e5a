// An attempt as text for a ticket: the sentence people read, then what engineers need, without secrets.
import type { Connection, LoginAttempt } from "@/ipc/bindings";
import { ticketText, type Words } from "@/lib/errorWords";

/** Everything the panel shows, in a few lines. */
export function ticketOf(attempt: LoginAttempt, connection: Connection | undefined, words: Words): string {
  const legs = attempt.legs.map(
    ({ name, outcome, took_ms, failure }) =>
      `  ${name}: ${outcome}${took_ms === null ? "" : ` ${took_ms} ms`}${failure ? ` (${failure.type})` : ""}`,
  );
  return [
    ticketText(words),
    "",
    connection
      ? `connection: ${connection.identifier} (${connection.kind}, ${connection.app_id})`
      : `connection: ${attempt.connection_id ?? "unknown"} (${attempt.kind ? `${attempt.kind}, deleted` : "unknown"})`,
    `attempt: ${attempt.id}${attempt.dry_run ? " (dry run)" : ""}`,
    `began: ${new Date(attempt.created_at).toISOString()}`,
    "legs:",
    ...legs,
  ].join("\n");
}
