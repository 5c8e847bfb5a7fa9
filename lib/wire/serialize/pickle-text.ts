import { bytesValue } from "../python/bytes.ts";
import type { Value } from "../python/value.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 in which, as in a pickle, lone surrogates may stand (Python's `surrogatepass`). */
export function pickledText(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    const parts = bytes.toString("latin1").split(/(\xed[\xa0-\xbf][\x80-\xbf])/);
    return parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part, "latin1").toString() : surrogate(part))).join("");
  }
}

function surrogate(threeBytes: string): string {
  return String.fromCharCode(0xd000 | ((threeBytes.charCodeAt(1) & 0x3f) << 6) | (threeBytes.charCodeAt(2) & 0x3f));
}

/** A `str` of Python 2: text where it is ASCII, which is all that Python 3 accepts, and bytes where it is not. */
export function oldString(bytes: Buffer): Value {
  return bytes.every((byte) => byte < 0x80) ? bytes.toString("latin1") : bytesValue(bytes);
}

/** The argument of STRING: a quoted bytes literal of Python 2. */
export function unquote(line: Buffer): Buffer {
  const body = line.toString("latin1").replace(/^(['"])(.*)\1$/s, "$2");
  const text = body.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, (_, hex?: string, octal?: string, char: string = "") => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return ESCAPES[char] ?? `\\${char}`;
  });
  return Buffer.from(text, "latin1");
}

const ESCAPES: Record<string, string> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The argument of UNICODE: Latin-1 in which only `\u` and `\U` escape. */
export function rawUnicode(line: Buffer): string {
  return line.toString("latin1").replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (escape, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? "", 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : escape;
  });
}
