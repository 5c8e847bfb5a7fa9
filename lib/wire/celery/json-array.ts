/**
 * The texts of the elements of a JSON array, cut out of its text as they stand, or null when the text is no array. Only
 * brackets and strings are followed, so that numbers, NaN and the order of keys survive; the elements are not checked.
 */
export function sliceJsonArray(text: string): string[] | null {
  const open = /^\s*\[/.exec(text);
  if (open === null) return null;
  const elements: string[] = [];
  let depth = 0;
  let start = open[0].length;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
    } else if (character === "[" || character === "{") {
      depth++;
    } else if (depth > 0) {
      if (character === "]" || character === "}") depth--;
    } else if (character === "," || character === "]") {
      const element = text.slice(start, at).trim();
      if (element === "") return character === "]" && elements.length === 0 && isBlank(text, at + 1) ? [] : null;
      elements.push(element);
      start = at + 1;
      if (character === "]") return isBlank(text, at + 1) ? elements : null;
    } else if (character === "}") {
      return null;
    }
  }
  return null;
}

/** Index of the closing quote, or of the end when there is none. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  return text.length;
}

function isBlank(text: string, from: number): boolean {
  return text.slice(from).trim() === "";
}
