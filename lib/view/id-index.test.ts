import fc from "fast-check";
import { expect, test } from "vitest";
import { IdIndex } from "./id-index.ts";
import { IdKey } from "./id-key.ts";

const ODD_IDS = ["", "nightly", "\ud800", "日本", "é", "74FF28FB-6F5A-4A51-9D0E-0B7A7F3A9F10", "74ff28fb_6f5a_4a51_9d0e_0b7a7f3a9f10"];
const anyId = fc.oneof(fc.uuid(), fc.string({ unit: "binary" }), fc.constantFrom(...ODD_IDS));

test("it answers as a Map would, whatever comes and goes", () => {
  const step = fc.record({ id: fc.nat(40), add: fc.boolean() });
  fc.assert(
    fc.property(fc.uniqueArray(anyId, { minLength: 41, maxLength: 41 }), fc.array(step, { maxLength: 200 }), (ids, steps) => {
      const index = new IdIndex();
      const uses = new Map<string, { number: number; count: number }>();
      for (const { id: at, add } of steps) {
        const id = ids[at]!;
        const held = uses.get(id);
        if (add) {
          const number = index.acquire(id);
          if (held !== undefined) expect(number).toBe(held.number);
          uses.set(id, { number, count: (held?.count ?? 0) + 1 });
        } else if (held !== undefined) {
          index.release(held.number);
          if (held.count === 1) uses.delete(id);
          else uses.set(id, { ...held, count: held.count - 1 });
        }
      }
      expect(index.size).toBe(uses.size);
      for (const id of ids) {
        const held = uses.get(id);
        expect(index.find(id)).toBe(held?.number ?? 0);
        if (held !== undefined) expect(index.text(held.number)).toBe(id);
      }
    }),
  );
});

test("it finds everything in the midst of growing, and nothing that was taken out", () => {
  const index = new IdIndex();
  const idOf = (n: number) => (n % 3 === 0 ? `job-${n}` : `${n.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`);
  const count = 40_000;
  for (let n = 0; n < count; n++) {
    index.setRow(index.acquire(idOf(n)), n);
    if (n % 5 === 0 && n > 0) index.release(index.find(idOf(n - 3)));
    if (n % 997 === 0) for (let back = 0; back < 10 && back <= n; back++) expectRow(n - back, n);
  }
  for (let n = 0; n < count; n++) expectRow(n, count - 1);

  function expectRow(n: number, last: number): void {
    const removed = (n + 3) % 5 === 0 && n + 3 <= last;
    const number = index.find(idOf(n));
    expect(number === 0).toBe(removed);
    if (!removed) expect(index.row(number)).toBe(n);
  }
});

test("an id longer than a chunk of the arena has a place of its own", () => {
  const index = new IdIndex();
  const ids = ["before", "x".repeat(600_000), "after", "日".repeat(150_000), "last"];
  for (const id of ids) index.acquire(id);
  expect(ids.every((id) => index.text(index.find(id)) === id)).toBe(true);
});

test("ids have one order, also against an id that is not there", () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyId, { minLength: 2, maxLength: 10 }), (ids) => {
      const index = new IdIndex();
      const numbers = ids.map((id) => index.acquire(id));
      const sorted = numbers.toSorted((left, right) => index.compareNumbers(left, right));
      for (const [at, left] of sorted.entries()) {
        for (const [place, right] of sorted.entries()) {
          const key = new IdKey();
          key.read(index.text(right));
          expect(Math.sign(index.compare(left, key, index.text(right)))).toBe(Math.sign(at - place));
        }
      }
    }),
  );
});

test("a prefix finds what begins with it", () => {
  fc.assert(
    fc.property(fc.array(anyId), fc.oneof(fc.uuid(), anyId), fc.nat(37), (ids, id, length) => {
      const index = new IdIndex();
      const prefix = id.slice(0, length);
      const begins = index.prefixTest(prefix);
      for (const one of [...ids, id]) expect(begins(index.acquire(one))).toBe(one.startsWith(prefix));
    }),
  );
});
