import { expect, test } from "vitest";
import { RevokedIds } from "./revoked.ts";

test("a revoked id is forgotten after three hours, unless it is revoked again", () => {
  let now = 0;
  const revoked = new RevokedIds(() => now);
  revoked.add("a");
  revoked.add("b");
  now = 2 * 3_600_000;
  revoked.add("a");
  now = 4 * 3_600_000;
  expect(revoked.list()).toEqual(["a"]);
  expect([revoked.has("a"), revoked.has("b")]).toEqual([true, false]);
});

test("the oldest go when there are too many", () => {
  const revoked = new RevokedIds(() => 0);
  for (let id = 0; id <= 50_000; id++) revoked.add(String(id));
  expect(revoked.has("0")).toBe(false);
  expect(revoked.list()).toHaveLength(50_000);
});
