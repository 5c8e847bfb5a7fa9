import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orRefused } from "../../lib/wire/refused.ts";
import { type FieldRange, readCrontabField } from "./crontab-field.ts";

const minute: FieldRange = { name: "minute", least: 0, most: 59 };
const hour: FieldRange = { name: "hour", least: 0, most: 23 };
const weekday: FieldRange = { name: "day of week", least: 0, most: 6 };
const month: FieldRange = { name: "month of year", least: 1, most: 12 };

test.each<[FieldRange, string, number[]]>([
  [minute, "*/15", [0, 15, 30, 45]],
  [minute, "1,13,30-32,50-59/4", [1, 13, 30, 31, 32, 50, 54, 58]],
  [minute, "5, 6", [5, 6]],
  [hour, "22-3", [0, 1, 2, 3, 22, 23]],
  [hour, "22-3/2", [0, 2, 22]],
  [weekday, "mon-fri", [1, 2, 3, 4, 5]],
  [weekday, "fri-mon", [0, 1, 5, 6]],
  [weekday, "Sunday,wed", [0, 3]],
  [month, "*/3", [1, 4, 7, 10]],
  [month, "feb-nov/3", [2, 5, 8, 11]],
])("of %o %j is %j", (range, text, numbers) => {
  expect(readCrontabField(text, range)).toEqual(numbers);
});

describe("what Celery refuses is refused with a sentence that names the field", () => {
  test.each([
    [minute, "60", "minute: 60 is not from 0 to 59"],
    [weekday, "7", "day of week: 7 is not from 0 to 6"],
    [month, "0", "month of year: 0 is not from 1 to 12"],
    [hour, "", "hour: a part is empty"],
    [hour, "1,,2", "hour: a part is empty"],
    [hour, "*/0", 'hour: "0" is no step'],
    [hour, "1-5/", 'hour: "" is no step'],
    [weekday, "someday", 'day of week: "someday" is neither a number nor the name of a month or day'],
  ])("%o %j", (range, text, reason) => {
    expect(orRefused(() => readCrontabField(text, range))).toEqual({ ok: false, reason });
  });

  test("and nothing else is thrown, whatever the text", () => {
    const pieces = fc.array(fc.constantFrom("*", "/", "-", ",", "mon", "feb", "1", "23", "99", " ", "x", "é"), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join("")),
        ),
        fc.constantFrom(minute, hour, weekday, month),
        (text, range) => {
          const read = orRefused(() => readCrontabField(text, range));
          if (!read.ok) return;
          expect(read.value.length).toBeGreaterThan(0);
          expect(read.value.every((number) => number >= range.least && number <= range.most)).toBe(true);
        },
      ),
    );
  });
});
