import { describe, expect, it } from "vitest";
import { failedDetail, NOW, runningDetail } from "../../lib/testing/factories/task.ts";
import { spanOfStretches, stretchesOf } from "./attempts.model.ts";

const kinds = (stretches: ReturnType<typeof stretchesOf>) =>
  stretches.map(({ attempt, kind, open }) => `${attempt} ${kind}${open ? " …" : ""}`);

describe("the life of a task as a bar", () => {
  it("shows waiting, running, and the delay before each retry", () => {
    const stretches = stretchesOf(failedDetail().attempts, NOW);
    expect(kinds(stretches)).toEqual(["0 wait", "0 run", "1 delay", "1 wait", "1 run", "2 delay", "2 wait", "2 run"]);
    expect(spanOfStretches(stretches)).toEqual({ from: NOW - 58_000, to: NOW - 6_600 });
  });

  it("goes on until now while it runs", () => {
    const stretches = stretchesOf(runningDetail().attempts, NOW);
    expect(kinds(stretches)).toEqual(["0 wait", "0 run …"]);
    expect(stretches.at(-1)?.to).toBe(NOW);
  });

  it("leaves out what is not known", () => {
    const [first] = failedDetail().attempts;
    if (!first) throw new Error("no attempt");
    expect(stretchesOf([{ ...first, sentAt: null, receivedAt: null, startedAt: null, endedAt: null }], NOW)).toEqual([]);
    expect(kinds(stretchesOf([{ ...first, startedAt: null, endedAt: null, state: "RECEIVED" }], NOW))).toEqual(["0 wait …"]);
  });
});
