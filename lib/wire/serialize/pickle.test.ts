import fc from "fast-check";
import { describe, expect, test } from "vitest";
import cases from "./fixtures/pickle.json" with { type: "json" };
import { decodePickle } from "./pickle.ts";

function bytes(...parts: (string | number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
}

describe("what CPython wrote", () => {
  for (const { name, protocol, base64, value } of cases) {
    test(`protocol ${protocol}: ${name}`, () => {
      expect(decodePickle(Buffer.from(base64, "base64"))).toEqual({ ok: true, value });
    });
  }
});

describe("a hostile pickle", () => {
  test("calls nothing: a call of os.system is shown as what it would have been", () => {
    expect(decodePickle(bytes("cos\nsystem\n(S'rm -rf /'\ntR."))).toEqual({
      ok: true,
      value: { $: "object", type: "os.system", args: ["rm -rf /"] },
    });
  });

  test("that doubles a list sixty times is cut, not unfolded", () => {
    const doubled = Array.from({ length: 60 }, () => "](h\x00h\x00e\x94q\x00").join("");
    const result = decodePickle(bytes("\x80\x04]q\x00", doubled, "."));
    expect(result.ok).toBe(true);
    expect(JSON.stringify(result).length).toBeLessThan(20_000_000);
    expect(JSON.stringify(result)).toContain("repeated too often");
  });

  test("that repeats one long text is cut", () => {
    const text = "x".repeat(65_000);
    const result = decodePickle(bytes("\x80\x04](X", [0xe8, 0xfd, 0, 0], text, "\x94", "h\x00".repeat(100_000), "e."));
    expect(JSON.stringify(result).length).toBeLessThan(20_000_000);
  });

  test("that nests a million lists is cut at a depth", () => {
    const result = decodePickle(bytes("]".repeat(1_000_000), "a".repeat(999_999), "."));
    expect(JSON.stringify(result)).toContain("nested deeper");
  });

  test("that states a length beyond its end is refused", () => {
    expect(decodePickle(bytes("\x80\x04\x8e", [255, 255, 255, 255, 255, 255, 255, 255], "x"))).toEqual({
      ok: false,
      reason: "the pickle ends early",
    });
    expect(decodePickle(bytes("B", [255, 255, 255, 255], "x")).ok).toBe(false);
  });

  test("with an integer of a megabyte does not compute its digits", () => {
    const result = decodePickle(bytes("\x8b", [0, 0, 16, 0], new Array(1_048_576).fill(0x7f), "."));
    expect(result).toEqual({
      ok: true,
      value: { $: "cut", reason: "an integer of 1048576 bytes" },
    });
  });

  test.each([
    ["nothing", ""],
    ["an empty stack", "."],
    ["a mark that is missing", "t."],
    ["an unknown operation", "\xff."],
    ["a reference to nothing", "g7\n."],
    ["a word for an integer", "Iconstructor\n."],
    ["no end", "I1\n"],
  ])("with %s is refused", (_, text) => {
    expect(decodePickle(bytes(text)).ok).toBe(false);
  });
});

test("any bytes give a value or a reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      expect(typeof decodePickle(input).ok).toBe("boolean");
    }),
    { numRuns: 2000 },
  );
});

test("any mutation of a real pickle gives a value or a reason", () => {
  const real = cases.map(({ base64 }) => Buffer.from(base64, "base64"));
  fc.assert(
    fc.property(fc.constantFrom(...real), fc.nat(), fc.integer({ min: 0, max: 255 }), (pickle, at, byte) => {
      const mutated = Buffer.from(pickle);
      mutated[at % mutated.length] = byte;
      JSON.stringify(decodePickle(mutated));
    }),
    { numRuns: 5000 },
  );
});

test("any sequence of operations gives a value or a reason that can be written as JSON", () => {
  const operation = fc.constantFrom(
    ..."]})(0N12at esuRb\x81\x85\x86\x87\x8f\x90\x91\x93\x94oq\x00h\x00lds",
    "h\x00",
    "q\x00",
    "h\x01",
    "K\x05",
    "X\x01\0\0\0a",
    "cbuiltins\nset\n",
    "cdatetime\ndatetime\n",
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      JSON.stringify(decodePickle(bytes(`${operations.join("")}.`)));
    }),
    { numRuns: 5000 },
  );
});
