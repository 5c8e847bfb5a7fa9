import { expect, test } from "vitest";
import type { LogData } from "../../model/event.ts";
import { message } from "../../testing/malformed/case.ts";
import { POISON } from "../../testing/malformed/index.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { Malformed } from "./malformed.ts";

const AT = 1_000_000;

test("a kind is told at once, and then seldom, with the count since and one example", () => {
  const malformed = new Malformed(10_000, AT);
  malformed.report("queue mail", "not JSON", "{");
  expect(malformed.take(AT)).toMatchObject([{ type: "log.malformed", count: 1 }]);
  for (let i = 0; i < 5; i++) malformed.report("queue mail", "not JSON", `${i}`);
  expect(malformed.take(AT + 2_000)).toEqual([]);
  const [later] = malformed.take(AT + 10_000);
  expect(later).toMatchObject({ count: 5 });
  expect(JSON.parse(later?.details ?? "")).toEqual({ where: "queue mail", reason: "not JSON", sample: "0" });
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

test("whatever it holds, what is told is short", () => {
  const malformed = new Malformed(10_000, AT);
  malformed.report("x".repeat(1_000_000), "x".repeat(1_000_000), "x".repeat(1_000_000));
  expect(malformed.take(AT)[0]?.details?.length).toBeLessThan(2_500);
});

test("a message counts once, by what is worst, and one that stops workers until it is removed is told as such", () => {
  const malformed = new Malformed(10_000, AT);
  for (const raw of [POISON.noId, POISON.shortBody, POISON.noDeliveryTag, message({ headers: { id: "x".repeat(1_000) } }), message()]) {
    const decoded = decodeTaskMessage(raw);
    if (decoded.ok) malformed.message("queue mail", decoded.value);
  }
  const told = malformed.take(AT).map(({ count, details }) => ({ count, ...(JSON.parse(details ?? "") as LogData) }));
  expect(told).toMatchObject([
    { count: 1, reason: expect.stringContaining("no id"), poison: true },
    { count: 1, reason: expect.stringContaining("2 parts"), poison: true },
    { count: 1, reason: expect.stringContaining("no delivery_tag") },
    { count: 1, reason: expect.stringContaining("longer than 512") },
  ]);
  expect(told.map(({ poison }) => poison === true)).toEqual([true, true, false, false]);
});
