import { describe, expect, it } from "vitest";
import { isTaskEvent } from "../lib/model/event.ts";
import { View } from "../lib/view/view.ts";
import { heard } from "./heard.ts";
import { emptyLedger, traffic } from "./traffic.ts";

const OPTIONS = { tasks: 500, workers: 5, names: 7, db: 0, startAt: Date.UTC(2026, 0, 1), spacingMs: 4, seed: 1 };

describe("traffic", () => {
  it("is what its ledger says, when it is heard and folded", () => {
    const ledger = emptyLedger();
    const view = new View();
    let ordinal = 1;
    for (const event of heard(OPTIONS, ledger)) {
      for (const one of event) if (isTaskEvent(one)) view.apply(one, ordinal++);
    }
    const { received, started, succeeded, failed } = view.series.total();
    expect(ordinal - 1).toBe(3 * OPTIONS.tasks);
    expect(Object.fromEntries(view.byState)).toEqual(ledger.byState);
    expect({ "task-received": received, "task-started": started, "task-succeeded": succeeded, "task-failed": failed }).toEqual(
      ledger.byType,
    );
  });

  it("is the same for the same seed", () => {
    const texts = () =>
      traffic(OPTIONS, emptyLedger())
        .map(({ message }) => message)
        .toArray();
    expect(texts()).toEqual(texts());
  });

  it("publishes nothing before it happened, and at most 24 events at once", () => {
    for (const { message, events, at } of traffic(OPTIONS, emptyLedger())) {
      const { body } = JSON.parse(message) as { body: string };
      const content = [JSON.parse(Buffer.from(body, "base64").toString())].flat() as { timestamp: number }[];
      expect(content).toHaveLength(events);
      expect(events).toBeLessThanOrEqual(24);
      for (const { timestamp } of content) expect(timestamp * 1000).toBeLessThanOrEqual(at);
    }
  });
});
