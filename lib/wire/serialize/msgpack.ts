import type { Decoded } from "../decoded.ts";
import { bytesValue } from "../python/bytes.ts";
import { isoDatetime } from "../python/iso.ts";
import { bigintValue, floatValue } from "../python/number.ts";
import type { Value } from "../python/value.ts";
import { MAX_DEPTH, TOO_DEEP } from "../bounds.ts";
import { orRefused, refuse } from "../refused.ts";

/**
 * MessagePack as Kombu writes it (msgpack-python with the bin type), without loss: 64-bit integers, keys of any type,
 * timestamps, and other extension types as inert objects. Written by hand because `@msgpack/msgpack` makes objects with
 * string keys, and believes the length that an array states.
 */
export function decodeMsgpack(bytes: Uint8Array): Decoded<Value> {
  return orRefused(() => new Reader(bytes).document());
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  document(): Value {
    const value = this.#value();
    if (this.#at < this.#bytes.length) refuse("not MessagePack: something after the value");
    return value;
  }

  #value(): Value {
    const head = this.#uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f);
    if (head < 0xa0) return this.#array(head & 0x0f);
    if (head < 0xc0) return this.#text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return bytesValue(this.#take(this.#uint(1)));
      case 0xc5:
        return bytesValue(this.#take(this.#uint(2)));
      case 0xc6:
        return bytesValue(this.#take(this.#uint(4)));
      case 0xc7:
        return this.#extension(this.#uint(1));
      case 0xc8:
        return this.#extension(this.#uint(2));
      case 0xc9:
        return this.#extension(this.#uint(4));
      case 0xca:
        return floatValue(this.#take(4).readFloatBE());
      case 0xcb:
        return floatValue(this.#take(8).readDoubleBE());
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xcf:
        return bigintValue(this.#take(8).readBigUInt64BE());
      case 0xd0:
        return this.#take(1).readInt8();
      case 0xd1:
        return this.#take(2).readInt16BE();
      case 0xd2:
        return this.#take(4).readInt32BE();
      case 0xd3:
        return bigintValue(this.#take(8).readBigInt64BE());
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (head - 0xd4));
      case 0xd9:
        return this.#text(this.#uint(1));
      case 0xda:
        return this.#text(this.#uint(2));
      case 0xdb:
        return this.#text(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2));
      case 0xdd:
        return this.#array(this.#uint(4));
      case 0xde:
        return this.#map(this.#uint(2));
      case 0xdf:
        return this.#map(this.#uint(4));
      default:
        return refuse("not MessagePack: 0xc1");
    }
  }

  /** Every item takes a byte at least, so the input's end bounds what a stated count can cost. */
  #array(count: number): Value {
    if (this.#depth === MAX_DEPTH) return this.#skipped(count);
    this.#depth++;
    const items: Value[] = [];
    for (let index = 0; index < count; index++) items.push(this.#value());
    this.#depth--;
    return items;
  }

  #map(count: number): Value {
    if (this.#depth === MAX_DEPTH) return this.#skipped(2 * count);
    this.#depth++;
    const items: [Value, Value][] = [];
    for (let index = 0; index < count; index++) items.push([this.#value(), this.#value()]);
    this.#depth--;
    return { $: "dict", items };
  }

  #skipped(count: number): Value {
    for (let left = count; left > 0; left--) left += this.#skip();
    return { $: "cut", reason: TOO_DEEP };
  }

  /** Steps over a value, or over the head of a list or dict; returns how many values are in that. */
  #skip(): number {
    const head = this.#bytes[this.#at] ?? refuse(ENDS_EARLY);
    const isMap = (head & 0xf0) === 0x80 || head === 0xde || head === 0xdf;
    const isArray = (head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd;
    if (!isMap && !isArray) {
      this.#value();
      return 0;
    }
    this.#at++;
    const count = head < 0xa0 ? head & 0x0f : this.#uint(head % 2 === 0 ? 2 : 4);
    return isMap ? 2 * count : count;
  }

  /** Text, or bytes where it is none: the format of before 2013 had no type for bytes. */
  #text(length: number): Value {
    const bytes = this.#take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      return bytesValue(bytes);
    }
  }

  #extension(length: number): Value {
    const type = this.#take(1).readInt8();
    const data = this.#take(length);
    const time = type === -1 ? timestamp(data) : undefined;
    return time ?? { $: "object", type: "msgpack.ExtType", args: [type, bytesValue(data)] };
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) refuse(ENDS_EARLY);
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #uint(size: 1 | 2 | 4): number {
    return this.#take(size).readUIntBE(0, size);
  }
}

const ENDS_EARLY = "the MessagePack ends early";

/** Extension type -1: seconds since 1970 as 32 bits, as 34 bits after 30 of nanoseconds, or as 64 after 32. */
function timestamp(data: Buffer): Value | undefined {
  switch (data.length) {
    case 4:
      return moment(BigInt(data.readUInt32BE()), 0);
    case 8: {
      const both = data.readBigUInt64BE();
      return moment(both & 0x3_ffff_ffffn, Number(both >> 34n));
    }
    case 12:
      return moment(data.readBigInt64BE(4), data.readUInt32BE());
    default:
      return undefined;
  }
}

function moment(seconds: bigint, nanos: number): Value | undefined {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = isoDatetime([
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    Math.floor(nanos / 1000), // Python's datetime has no finer unit either
  ]);
  return text === undefined ? undefined : { $: "datetime", text: `${text}+00:00` };
}
