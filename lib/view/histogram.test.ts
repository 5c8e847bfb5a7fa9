import fc from "fast-check";
import { expect, test } from "vitest";
import { BinLists } from "./bin-lists.ts";
import { binOf, Histogram } from "./histogram.ts";

const anyMs = fc.double({ min: 0, max: 3_000_000_000, noNaN: true });

test("a percentile is at most 5 % off", () => {
  fc.assert(
    fc.property(fc.array(anyMs, { minLength: 1 }), fc.constantFrom(0, 0.5, 0.95, 0.99, 1), (durations, share) => {
      const histogram = new Histogram();
      for (const ms of durations) histogram.add(binOf(ms), 1);
      const exact = durations.toSorted((left, right) => left - right)[Math.max(1, Math.ceil(share * durations.length)) - 1]!;
      const told = histogram.percentile(share)!;
      expect(Math.abs(told - exact)).toBeLessThanOrEqual(Math.max(0.1, exact * 0.05));
    }),
  );
});

test("nothing has no percentile", () => {
  expect(new Histogram().percentile(0.5)).toBeNull();
});

test("lists of bins count as a map would, share their memory, and add up", () => {
  const change = fc.record({ list: fc.nat(3), bin: fc.nat(255), count: fc.integer({ min: 1, max: 40_000_000 }), take: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const lists = new BinLists();
      const heads = [0, 0, 0, 0];
      const expected = heads.map(() => new Map<number, number>());
      for (const { list, bin, count, take } of changes) {
        const held = expected[list]!.get(bin) ?? 0;
        const change = take ? -Math.min(held, 1) : Math.min(count, 16_000_000);
        if (change === 0) continue;
        heads[list] = lists.add(heads[list]!, bin, change);
        expected[list]!.set(bin, held + change);
      }
      for (const [list, head] of heads.entries()) {
        const counts = new Map<number, number>();
        const histogram = new Histogram();
        histogram.add = (bin, count) => void counts.set(bin, (counts.get(bin) ?? 0) + count);
        lists.addTo(histogram, head);
        expect(counts).toEqual(new Map([...expected[list]!].filter(([, count]) => count > 0)));
      }
    }),
  );
});

test("a list that is removed leaves its memory to others", () => {
  const lists = new BinLists();
  let list = 0;
  for (let round = 0; round < 1_000; round++) {
    for (let bin = 0; bin < 100; bin++) list = lists.add(list, bin, 1);
    lists.remove(list);
    list = 0;
  }
  expect(lists.bytes).toBeLessThan(200_000);
});
