import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, dict } from "../python/value.ts";

/** What `JSON.parse` makes: ordinary JavaScript values, integers beyond 2^53 rounded. */
export type PlainJson =
  | null
  | boolean
  | number
  | string
  | PlainJson[]
  | { [key: string]: PlainJson };

export function decodeJson(text: string): Decoded<Value> {
  const plain = parsePlainJson(text);
  return plain.ok ? decoded(fromPlain(plain.value)) : plain;
}

function fromPlain(json: PlainJson): Value {
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return json.map(fromPlain);
  return dict(Object.entries(json).map(([key, value]) => [key, fromPlain(value)] as const));
}

export function parsePlainJson(text: string): Decoded<PlainJson> {
  try {
    return decoded(JSON.parse(text) as PlainJson);
  } catch {
    return undecodable("not JSON");
  }
}

export function encodeKombuJson(value: Value): Decoded<string> {
  return undecodable(`not written yet: ${typeof value}`);
}
