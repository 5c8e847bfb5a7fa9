import fc from "fast-check";
import { expect, test } from "vitest";
import { errorCode } from "../errors.ts";
import { type ListCursor, decodeCursor, encodeCursor } from "./cursor.ts";

test("a cursor comes back as it was given out", () => {
  const cursor: ListCursor = { value: "ü/+", id: "a b", now: 1.5, found: { FAILURE: 3 } };
  expect(encodeCursor(cursor)).toMatch(/^[\w-]+$/);
  expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
});

test("any other text is bad input", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        decodeCursor(text);
        return false;
      } catch (error) {
        return errorCode(error) === "bad-input";
      }
    }),
  );
});
