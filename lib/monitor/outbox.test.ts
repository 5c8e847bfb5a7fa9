import { describe, expect, test } from "vitest";
import type { Event } from "../model/event.ts";
import { taskEvent } from "../testing/monitor.ts";
import { Outbox } from "./outbox.ts";

const heard = (seenAt: number): Event => taskEvent("task.sent", `t${seenAt}`, seenAt);
const forEver = new AbortController().signal;

async function isResolved(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);
}

describe("an outbox", () => {
  test("says when what was pushed until now is stored, whatever is pushed later", async () => {
    const outbox = new Outbox();
    expect(await isResolved(outbox.stored(forEver))).toBe(true);
    outbox.push([heard(1), heard(2)]);
    const stored = outbox.stored(forEver);
    outbox.push([heard(3)]);
    outbox.drop(1);
    expect(await isResolved(stored)).toBe(false);
    outbox.drop(1);
    expect(await isResolved(stored)).toBe(true);
    expect(outbox.size).toBe(1);
  });

  test("lets nobody wait who is told to end", async () => {
    const outbox = new Outbox();
    outbox.push([heard(1)]);
    await outbox.stored(AbortSignal.timeout(5));
    expect(outbox.peek(9)).toEqual([heard(1)]);
  });

  test("counts what finds no room until that is told", () => {
    const outbox = new Outbox(2);
    outbox.push([heard(1), heard(2), heard(3), heard(4)]);
    expect(outbox.loss(9)).toMatchObject({ type: "log.gap", count: 2, fromAt: 3, at: 9 });
    outbox.push([heard(5)]);
    outbox.lossTold(2);
    expect(outbox.loss(9)).toMatchObject({ count: 1 });
    outbox.lossTold(1);
    expect(outbox.loss(9)).toBeUndefined();
  });

  test("forgets what another one has stored", () => {
    const outbox = new Outbox();
    outbox.push([heard(1), heard(2), heard(3)]);
    outbox.forgetBefore(3);
    expect(outbox.peek(9)).toEqual([heard(3)]);
  });
});
