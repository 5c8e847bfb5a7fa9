import { expect, test } from "vitest";
import { settingsOf } from "../settings.ts";
import { confTable } from "./conf-table.ts";

const table = (options: Parameters<typeof settingsOf>[0], withDefaults = false) =>
  Object.fromEntries(confTable({ settings: settingsOf(options) }, withDefaults));

test.each([
  ["redis://localhost:6379/4", "redis://:********@localhost:6379/4"],
  ["redis://:secret@localhost:6379/4", "redis://:********@localhost:6379/4"],
  ["redis://me:secret@localhost:6379/4", "redis://me:********@localhost:6379/4"],
])("the broker %s is shown as Kombu shows it", (broker, shown) => {
  expect(table({ broker })["broker_url"]).toBe(shown);
});

test("only what was changed is told, and the rest when asked", () => {
  const broker = "redis://localhost:6379/0";
  expect(table({ broker })).not.toHaveProperty("result_expires");
  expect(table({ broker, resultExpiresMs: 5_000 })).toMatchObject({ result_expires: 5 });
  expect(table({ broker }, true)).toMatchObject({ result_expires: "1 day, 0:00:00", worker_prefetch_multiplier: 4, enable_utc: true });
});
