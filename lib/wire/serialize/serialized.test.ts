import fc from "fast-check";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Value, dict } from "../python/value.ts";
import { decodeSerialized, detectSerialized } from "./serialized.ts";

const meta: Value = dict([
  ["status", "SUCCESS"],
  ["result", 5],
]);

describe("by content type", () => {
  test.each<[string, string | undefined, string | number[], Value]>([
    ["application/json", "utf-8", '{"status": "SUCCESS", "result": 5}', meta],
    ["application/x-yaml", "utf-8", "status: SUCCESS\nresult: 5\n", meta],
    ["application/x-msgpack", "binary", [0x92, 1, 2], [1, 2]],
    ["application/x-python-serialize", "binary", "\x80\x02]q\x00.", []],
    ["text/plain", "utf-8", "h\u00c3\u00a9", "h\u00e9"],
    ["text/plain", "latin1", "h\u00e9", "h\u00e9"],
    ["text/plain", undefined, "x", "x"],
    ["application/data", "binary", [0xff, 0], { $: "bytes", base64: "/wA=" }],
  ])("%s, %s", (type, encoding, payload, value) => {
    expect(decodeSerialized(type, encoding, bytes(payload))).toEqual({ ok: true, value });
  });

  test.each<[string, string | undefined, string | number[]]>([
    ["application/x-java", "utf-8", "{}"],
    ["application/json", "utf-8", [0x22, 0xff, 0x22]],
    ["text/plain", "utf-8", [0xff]],
    ["text/plain", "klingon", "x"],
  ])("%s, %s of %j is refused", (type, encoding, payload) => {
    expect(decodeSerialized(type, encoding, bytes(payload)).ok).toBe(false);
  });
});

describe("by the first byte", () => {
  const json = Buffer.from('{"status": "SUCCESS", "result": 5}');

  test.each<[string, Uint8Array, Value]>([
    ["JSON", json, meta],
    ["a part of a chord", Buffer.from('[1, "id", "SUCCESS", 5]'), [1, "id", "SUCCESS", 5]],
    ["YAML", Buffer.from("status: SUCCESS\nresult: 5\n"), meta],
    ["MessagePack", Buffer.from("82a6737461747573a753554343455353a6726573756c7405", "hex"), meta],
    ["an empty MessagePack map", Uint8Array.of(0x80), dict([])],
    ["a pickle", Buffer.from("\x80\x02K\x05.", "latin1"), 5],
    ["compressed JSON", compressed("application/x-gzip", deflateSync(json)), meta],
    ["compressed by zstd", compressed("application/zstd", zstdCompressSync(json)), meta],
  ])("%s", (_, input, value) => {
    expect(detectSerialized(input)).toEqual({ ok: true, value });
  });

  test.each<[string, Uint8Array]>([
    ["another zero byte", Uint8Array.of(0, 1, 2)],
    ["a compression without content type", Buffer.from("\0celery-compressed\0application/x-gzip")],
    ["an unknown compression", compressed("application/x-snappy", json)],
    ["a bomb", compressed("application/x-gzip", deflateSync(Buffer.alloc(40_000_000, "[")))],
    ["something compressed twice", compressed("application/x-gzip", deflateSync(compressed("application/x-gzip", deflateSync(json))))],
  ])("%s is refused", (_, input) => {
    expect(detectSerialized(input).ok).toBe(false);
  });

  test("any bytes give a value or a reason that can be written as JSON", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (input) => {
        JSON.stringify(detectSerialized(input));
      }),
      { numRuns: 2000 },
    );
  });
});

function compressed(contentType: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`\0celery-compressed\0${contentType}\0`), payload]);
}

function bytes(payload: string | number[]): Uint8Array {
  return typeof payload === "string" ? Buffer.from(payload, "latin1") : Uint8Array.from(payload);
}
