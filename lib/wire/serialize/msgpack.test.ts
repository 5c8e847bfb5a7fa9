import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dict } from "../python/value.ts";
import cases from "./fixtures/msgpack.json" with { type: "json" };
import { decodeMsgpack } from "./msgpack.ts";

describe("what msgpack-python wrote", () => {
  for (const { name, base64, value } of cases) {
    test(name, () => {
      expect(decodeMsgpack(Buffer.from(base64, "base64"))).toEqual({ ok: true, value });
    });
  }
});

test("a text that is no UTF-8 is bytes", () => {
  expect(decodeMsgpack(Uint8Array.of(0xa1, 0xff))).toEqual({ ok: true, value: { $: "bytes", base64: "/w==" } });
});

test("an extension that is called a timestamp and is none stays an extension", () => {
  expect(decodeMsgpack(Uint8Array.of(0xd4, 0xff, 0x01))).toEqual({
    ok: true,
    value: { $: "object", type: "msgpack.ExtType", args: [-1, { $: "bytes", base64: "AQ==" }] },
  });
});

test.each([
  ["nothing", []],
  ["a list of four billion items", [0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2]],
  ["a dict of four billion keys", [0xdf, 0xff, 0xff, 0xff, 0xff, 1, 2]],
  ["a text of four billion bytes", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ["the byte that nothing uses", [0xc1]],
  ["two values", [1, 2]],
])("%s is refused at once", (_, bytes) => {
  expect(decodeMsgpack(Uint8Array.from(bytes)).ok).toBe(false);
});

test("a million nested lists are cut, and what follows is still read", () => {
  const deep = [...new Array<number>(1_000_000).fill(0x91), 0x82, 1, 0xdc, 0, 1, 0x93, 1, 2, 3, 4, 5];
  const result = decodeMsgpack(Uint8Array.from([0x92, ...deep, 7]));
  expect(result).toMatchObject({ ok: true, value: [expect.anything(), 7] });
  expect(JSON.stringify(result)).toContain("nested deeper");
});

test("keys keep their order and their kind", () => {
  expect(decodeMsgpack(Uint8Array.of(0x83, 2, 1, 0xa1, 0x31, 2, 0x91, 1, 3))).toEqual({
    ok: true,
    value: dict([
      [2, 1],
      ["1", 2],
      [[1], 3],
    ]),
  });
});

test("any bytes give a value or a reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(typeof decodeMsgpack(bytes).ok).toBe("boolean");
    }),
    { numRuns: 3000 },
  );
});
