import { describe, expect, test } from "vitest";
import { runOf } from "../../model/event.ts";
import { Step } from "../../model/task.ts";
import type { KnownTask } from "../broker.ts";
import { Runs } from "./runs.ts";

const none = { task: () => undefined };
const runs = (): Runs => new Runs(none);

describe("runs", () => {
  test("a retry on the same worker", () => {
    const of = runs();
    expect([of.received("t", 0, "w"), of.started("t", "w"), of.retried("t", "w")]).toEqual([0, 0, 0]);
    expect([of.received("t", 1, "w"), of.started("t", "w"), of.ended("t", "w")]).toEqual(Array(3).fill(runOf(1, 0)));
  });

  test("a retry that is told after the next attempt began, or even ended", () => {
    const of = runs();
    of.received("t", 0, "w");
    of.started("t", "w");
    of.received("t", 1, "w");
    of.started("t", "w");
    expect(of.ended("t", "w")).toBe(runOf(1, 0));
    expect(of.retried("t", "w")).toBe(0);
  });

  test("a message received twice with the same retries is a second delivery", () => {
    const of = runs();
    of.received("t", 0, "dead");
    of.started("t", "dead");
    expect(of.received("t", 0, "w")).toBe(runOf(0, 1));
    expect(of.started("t", "w")).toBe(runOf(0, 1));
    expect(of.ended("t", "w")).toBe(runOf(0, 1));
  });

  test("a message seen in a queue or held is no delivery", () => {
    const of = runs();
    expect(of.seen("t", 0)).toBe(0);
    expect(of.received("t", 0, "w")).toBe(0);
    expect(of.seen("t", 0)).toBe(0);
  });

  test("a message back in its queue after a worker had it is", () => {
    const of = runs();
    of.received("t", 0, "w");
    expect(of.returned("t", 0)).toBe(runOf(0, 1));
    expect(of.returned("t", 0)).toBe(runOf(0, 1));
    expect(of.received("t", 0, "w")).toBe(runOf(0, 1));
  });

  test("results alone, without any event, count the attempts", () => {
    const of = runs();
    expect(of.retried("t", undefined, true)).toBe(0);
    expect(of.retried("t", undefined, true)).toBe(runOf(1, 0));
    expect(of.latest("t")).toBe(runOf(2, 0));
  });

  test("the same retry told by the result backend and by the worker is one", () => {
    const of = runs();
    of.received("t", 0, "w");
    of.started("t", "w");
    expect(of.retried("t", undefined, true)).toBe(0);
    expect(of.retried("t", "w")).toBe(0);
    expect(of.received("t", 1, "w")).toBe(runOf(1, 0));
    expect(of.latest("t")).toBe(runOf(1, 0));
  });

  test("what was known before a restart goes on", () => {
    const known: KnownTask = {
      id: "t",
      state: "STARTED",
      step: Step.STARTED,
      evidenceAt: 0,
      run: runOf(2, 0),
      received: true,
      started: true,
      worker: "w",
      name: "n",
      queue: undefined,
      sentAt: undefined,
    };
    expect(new Runs({ task: () => known }).ended("t", "w")).toBe(runOf(2, 0));
    expect(new Runs({ task: () => known }).received("t", 2, "v")).toBe(runOf(2, 1));
  });

  test("forgets the oldest beyond its bound", () => {
    const of = new Runs(none, 1);
    of.received("a", 3, "w");
    of.received("b", 0, "w");
    expect(of.ended("a", "w")).toBe(0);
  });
});
