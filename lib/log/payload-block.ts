import type { Payload } from "../model/event.ts";
import { ByteReader, ByteWriter, CorruptBytes } from "./bytes.ts";
import { FORMS, keysOf, PAYLOAD } from "./facts.ts";

const FIELDS = keysOf(PAYLOAD).map((name, place) => ({ name, bit: 1 << place }));

/**
 * The payloads of some consecutive events. First, for each event, 0 for none or the mask of its fields plus 1, and the lengths
 * and small values of these; then all texts, one after the other.
 */
export function encodePayloads(payloads: readonly (Payload | undefined)[]): Buffer {
  const front = new ByteWriter(1024);
  const texts = new ByteWriter(8192);
  for (const payload of payloads) {
    if (payload === undefined) {
      front.varint(0);
      continue;
    }
    const fields = FIELDS.filter(({ name }) => payload[name] !== undefined);
    front.varint(1 + fields.reduce((mask, { bit }) => mask | bit, 0));
    for (const { name } of fields) writeField(payload, name, front, texts);
  }
  const block = new ByteWriter(front.length + texts.length + 8);
  block.varint(front.length);
  block.append(front.written());
  block.append(texts.written());
  return block.written();
}

function writeField(payload: Payload, name: keyof Payload, front: ByteWriter, texts: ByteWriter): void {
  switch (name) {
    case "argsForm":
    case "resultForm":
      front.varint(FORMS.indexOf(payload[name] ?? "repr"));
      break;
    case "children": {
      const children = payload.children ?? [];
      front.varint(children.length);
      for (const child of children) texts.text(child, front);
      break;
    }
    case "cut":
      texts.text(JSON.stringify(payload.cut ?? {}), front);
      break;
    default:
      texts.text(payload[name] ?? "", front);
  }
}

/** The payloads of a block of `count` events. Throws `CorruptBytes`. */
export function decodePayloads(block: Buffer, count: number): (Payload | undefined)[] {
  const texts = new ByteReader(block);
  const front = texts.part(texts.varint());
  return Array.from({ length: count }, () => {
    const code = front.varint();
    if (code === 0) return undefined;
    const payload: Payload = {};
    for (const { name, bit } of FIELDS) if (((code - 1) & bit) !== 0) readField(payload, name, front, texts);
    return payload;
  });
}

function readField(payload: Payload, name: keyof Payload, front: ByteReader, texts: ByteReader): void {
  switch (name) {
    case "argsForm":
    case "resultForm": {
      const form = FORMS[front.varint()];
      if (form === undefined) throw new CorruptBytes("a payload has no known form");
      payload[name] = form;
      break;
    }
    case "children": {
      const count = front.varint();
      if (count > front.end) throw new CorruptBytes("a count is larger than the bytes");
      payload.children = Array.from({ length: count }, () => texts.text(front));
      break;
    }
    case "cut":
      payload.cut = parseCut(texts.text(front));
      break;
    default:
      payload[name] = texts.text(front);
  }
}

function parseCut(text: string): NonNullable<Payload["cut"]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CorruptBytes("the list of cut fields is not JSON");
  }
  if (!isCut(json)) throw new CorruptBytes("the list of cut fields is something else");
  return json;
}

function isCut(json: unknown): json is NonNullable<Payload["cut"]> {
  return (
    isRecord(json) &&
    Object.values(json).every((one) => isRecord(one) && typeof one["length"] === "number" && typeof one["hash"] === "string")
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
