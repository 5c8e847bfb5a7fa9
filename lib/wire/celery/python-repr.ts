/** The arguments of a call in a repr, cut at the commas that stand outside of strings and brackets. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') at = endOfQuote(text, at);
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth <= 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}

const ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([^]))/gi;

const ESCAPES = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ...["\\", "'", '"'].map((character): [string, string] => [character, character]),
]);

/** The string that a quoted text stands for; null when the text is not one string. */
export function unquote(text: string): string | null {
  const quote = text.charAt(0);
  if ((quote !== "'" && quote !== '"') || text.length < 2 || endOfQuote(text, 0) !== text.length - 1) return null;
  return text.slice(1, -1).replace(ESCAPE, (whole: string, x?: string, u?: string, wide?: string, character?: string) => {
    const code = Number.parseInt(x ?? u ?? wide ?? "", 16);
    if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    return ESCAPES.get(character ?? "") ?? whole;
  });
}

/** Index of the closing quote, or of the end when there is none. */
function endOfQuote(text: string, open: number): number {
  const quote = text.charAt(open);
  for (let at = open + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\") at++;
    else if (text.charAt(at) === quote) return at;
  }
  return text.length;
}
