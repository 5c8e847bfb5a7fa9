import fc from "fast-check";
import { expect, test } from "vitest";
import { BinCounts } from "./bin-counts.ts";
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

test("chains of bins count as a map would, side by side", () => {
  const change = fc.record({ chain: fc.nat(3), bin: fc.nat(255), count: fc.integer({ min: 1, max: 40_000_000 }), take: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const bins = new BinCounts();
      const chains = [0, 0, 0, 0];
      const expected = chains.map(() => new Map<number, number>());
      for (const { chain, bin, count, take } of changes) {
        const held = expected[chain]!.get(bin) ?? 0;
        const change = take ? -Math.min(held, 1) : count;
        if (change === 0) continue;
        chains[chain] = bins.add(chains[chain]!, bin, change);
        expected[chain]!.set(bin, held + change);
      }
      for (const [at, chain] of chains.entries()) {
        const counts = new Map<number, number>();
        const histogram = new Histogram();
        histogram.add = (bin, count) => void (count > 0 && counts.set(bin, count));
        bins.addTo(histogram, chain);
        expect(counts).toEqual(new Map([...expected[at]!].filter(([, count]) => count > 0)));
      }
    }),
  );
});

test("a chain that is removed leaves its memory to others", () => {
  const bins = new BinCounts();
  for (let round = 0; round < 1_000; round++) {
    let chain = 0;
    for (let bin = 0; bin < 100; bin++) chain = bins.add(chain, bin, 1);
    bins.remove(chain);
  }
  expect(bins.bytes).toBeLessThan(200_000);
});
