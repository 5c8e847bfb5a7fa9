/** One token of a filter text. `at` is the offset of its first character. */
export type Token =
  | { kind: "open" | "close" | "and" | "or" | "not"; at: number }
  | { kind: "word"; at: number; text: string; colon: number; end: number };

export type Tokens = { ok: true; tokens: Token[] } | { ok: false; at: number; reason: string };

const OPERATORS = new Map<string, "and" | "or" | "not">([
  ["AND", "and"],
  ["OR", "or"],
  ["NOT", "not"],
]);

/**
 * Cuts a filter text into words, parentheses and operators. Within a word, double quotes make everything literal, and a
 * backslash inside them keeps the next character. `colon` is where a word's first unquoted colon stands in `text`, or -1.
 * A word may hold parentheses of its own (`args:f(x)`): only one that it did not open ends it.
 */
export function tokenize(source: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (isSpace(char)) at++;
    else if (char === "(") tokens.push({ kind: "open", at: at++ });
    else if (char === ")") tokens.push({ kind: "close", at: at++ });
    else if (char === "-" && startsOperand(source.charAt(at + 1))) tokens.push({ kind: "not", at: at++ });
    else {
      const word = readWord(source, at);
      if (!word.ok) return word;
      tokens.push(word.token);
      at = word.end;
    }
  }
  return { ok: true, tokens };
}

function readWord(source: string, start: number): { ok: true; token: Token; end: number } | { ok: false; at: number; reason: string } {
  let text = "";
  let colon = -1;
  let depth = 0;
  let bare = true;
  let at = start;
  while (at < source.length) {
    const char = source.charAt(at);
    if (isSpace(char) || (char === ")" && depth === 0)) break;
    if (char === '"') {
      const quoted = readQuoted(source, at);
      if (quoted === undefined) return { ok: false, at, reason: "the quotation mark that opens here is never closed" };
      text += quoted.text;
      at = quoted.end;
      bare = false;
      continue;
    }
    if (char === "(") depth++;
    if (char === ")") depth--;
    if (char === ":" && colon < 0) colon = text.length;
    text += char;
    at++;
  }
  const operator = bare ? OPERATORS.get(text) : undefined;
  const token: Token = operator === undefined ? { kind: "word", at: start, text, colon, end: at } : { kind: operator, at: start };
  return { ok: true, token, end: at };
}

function readQuoted(source: string, open: number): { text: string; end: number } | undefined {
  let text = "";
  for (let at = open + 1; at < source.length; at++) {
    const char = source.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char === "\\" && at + 1 < source.length) text += source.charAt(++at);
    else text += char;
  }
  return undefined;
}

function isSpace(char: string): boolean {
  return /\s/.test(char);
}

/** A minus negates only what follows it directly; alone it is a word. */
function startsOperand(char: string): boolean {
  return char !== "" && char !== ")" && !isSpace(char);
}
