import fc from "fast-check";
import { describe, expect, test } from "vitest";
import fixture from "./fixtures/compression.json" with { type: "json" };
import { decompress } from "./compression.ts";

const KB64 = 65_536;

for (const { type, samples, bomb } of fixture.cases) {
  describe(type, () => {
    for (const { name, base64 } of samples) {
      const payload = Buffer.from(fixture.payloads.find((candidate) => candidate.name === name)?.base64 ?? "", "base64");

      test(`${name} is decompressed, up to exactly its size`, () => {
        const bytes = Buffer.from(base64, "base64");
        const result = decompress(type, bytes, Math.max(1, payload.length));
        expect(result.ok && payload.equals(result.value)).toBe(true);
        if (payload.length > 0) {
          expect(decompress(type, bytes, payload.length - 1)).toEqual({
            ok: false,
            reason: `decompresses to more than ${payload.length - 1} bytes`,
          });
        }
      });
    }

    test("a bomb is refused at the bound, in time and memory of the bound", () => {
      const bytes = Buffer.from(bomb, "base64");
      const before = process.memoryUsage().arrayBuffers;
      expect(decompress(type, bytes, KB64)).toEqual({ ok: false, reason: "decompresses to more than 65536 bytes" });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(fixture["bomb size"]);
    });

    const real = samples.map(({ base64 }) => Buffer.from(base64, "base64"));

    test("a cut stream is refused", () => {
      const [whole = Buffer.alloc(0)] = real;
      for (let length = 0; length < whole.length / 2; length++) {
        expect(decompress(type, whole.subarray(0, length), KB64).ok).toBe(false);
      }
    });

    test("a damaged stream gives bytes or a reason", () => {
      fc.assert(
        fc.property(fc.constantFrom(...real), fc.nat(), fc.integer({ min: 0, max: 255 }), (bytes, at, byte) => {
          const damaged = Buffer.from(bytes);
          damaged[at % damaged.length] = byte;
          const result = decompress(type, damaged, KB64);
          if (result.ok) expect(result.value.length).toBeLessThanOrEqual(KB64);
        }),
        { numRuns: 300 },
      );
    });

    test("arbitrary bytes give bytes or a reason", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          expect(typeof decompress(type, bytes, KB64).ok).toBe("boolean");
        }),
      );
    });
  });
}

test("many empty bzip2 blocks cost no more than their bits", () => {
  const tiny = Buffer.from(fixture.cases.find(({ type }) => type === "application/x-bz2")?.bomb ?? "", "base64");
  const block = tiny.subarray(4, tiny.length - 10);
  const many = Buffer.concat([tiny.subarray(0, 4), ...new Array<Buffer>(1000).fill(block)]);
  expect(decompress("application/x-bz2", many, KB64).ok).toBe(false);
});

test("an unknown compression is refused", () => {
  expect(decompress("application/x-snappy", new Uint8Array(), KB64)).toEqual({ ok: false, reason: "an unknown compression" });
});
