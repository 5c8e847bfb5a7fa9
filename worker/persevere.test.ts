import { expect, test } from "vitest";
import { AppError } from "../lib/errors.ts";
import { persevere } from "./persevere.ts";

class ReplyError extends Error {
  override name = "ReplyError";
}

/** Fails with each of these in turn, then answers how often it was asked. */
function failing(...errors: Error[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    const error = errors[asked++];
    if (error !== undefined) throw error;
    return asked;
  };
}

test.each([
  new Error("Connection is closed."),
  new ReplyError("LOADING Redis is loading the dataset in memory"),
  new AppError("unavailable", "Redis does not answer"),
  new AppError("unavailable", "Redis refused", { cause: new ReplyError("READONLY You can't write against a read only replica.") }),
])("%o passes", async (error) => {
  expect(await persevere(failing(error), () => {})).toBe(2);
});

test.each([
  new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value"),
  new AppError("bad-input", "this cannot be sent"),
  new AppError("unavailable", "Redis refused", { cause: new ReplyError("NOPERM this user has no permissions") }),
  new TypeError("x is not a function"),
])("%o does not", async (error) => {
  await expect(persevere(failing(error), () => {})).rejects.toBe(error);
});
