import { expect, test } from "vitest";
import { Malformed } from "./malformed.ts";

const AT = 1_000_000;

test("a kind is told at once, and then seldom, with the count since and one example", () => {
  const malformed = new Malformed(10_000, AT);
  malformed.report("queue mail", "not JSON", "{");
  expect(malformed.take(AT)).toMatchObject([{ type: "log.malformed", count: 1, payload: { raw: "{" } }]);
  for (let i = 0; i < 5; i++) malformed.report("queue mail", "not JSON", `${i}`);
  expect(malformed.take(AT + 2_000)).toEqual([]);
  const [later] = malformed.take(AT + 10_000);
  expect(later).toMatchObject({ count: 5, payload: { raw: "0" } });
  expect(JSON.parse(later?.details ?? "")).toEqual({ where: "queue mail", reason: "not JSON" });
  expect(malformed.take(AT + 20_000)).toEqual([]);
});

test("kinds beyond a bound are counted together", () => {
  const malformed = new Malformed(10_000, AT);
  for (let i = 0; i < 3_000; i++) malformed.report(`queue ${i}`, "not JSON");
  const told = malformed.take(AT);
  expect(told.length).toBeLessThan(1_100);
  expect(told.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(3_000);
});

test("what a replica counted while another led is not told again when it leads", () => {
  const malformed = new Malformed(10_000, AT);
  malformed.report("events", "not JSON");
  expect(malformed.take(AT + 3_600_000)).toEqual([]);
  malformed.report("events", "not JSON");
  expect(malformed.take(AT + 3_602_000)).toMatchObject([{ count: 1 }]);
});

test("an example is cut", () => {
  const malformed = new Malformed(10_000, AT);
  malformed.report("events", "not JSON", "x".repeat(1_000_000));
  expect(malformed.take(AT)[0]?.payload?.raw?.length).toBe(4_096);
});
