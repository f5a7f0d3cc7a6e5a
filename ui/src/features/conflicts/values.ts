// Values of profile fields: text, which travels as JSON.

/** The text of a JSON string; anything else as it is written. */
export function plain(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}
