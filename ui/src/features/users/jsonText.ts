// JSON as people read and type it. The text is never rebuilt from parsed values: that would round long numbers.

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * What somebody typed as a JSON text, if it is not JSON already: `gold` → `"gold"`. What begins like JSON was meant as
 * JSON and has a mistake in it; it is left for the rules to refuse.
 */
export function asText(typed: string): string | null {
  const text = typed.trim();
  return text === "" || /^[[{"]/.test(text) || isJson(text) ? null : JSON.stringify(text);
}

const short = 48;

/** JSON on several lines, if it is too long for one; digits and letters stay as they are. */
export function readable(json: string): string {
  if (json.length <= short || !isJson(json)) return json;
  let out = "";
  let depth = 0;
  let inString = false;
  let escaped = false;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [index, letter] of [...json].entries()) {
    if (inString) {
      out += letter;
      inString = escaped || letter !== '"';
      escaped = !escaped && letter === "\\";
    } else if (letter === '"') {
      out += letter;
      inString = true;
    } else if (letter === "{" || letter === "[") {
      depth += 1;
      out += emptyAfter(json, index) ? letter : letter + line();
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      out += out.endsWith("{") || out.endsWith("[") ? letter : line() + letter;
    } else if (letter === ",") {
      out += letter + line();
    } else if (letter === ":") {
      out += ": ";
    } else if (letter.trim() !== "") {
      out += letter;
    }
  }
  return out;
}

function emptyAfter(json: string, index: number): boolean {
  return /^[[{]\s*[\]}]/.test([...json].slice(index, index + 8).join(""));
}
