import { expect, it } from "vitest";
import { calmOverview, silentOverview, troubledOverview } from "../../lib/testing/factories/overview.ts";
import { hearsTasks, verdictOf } from "./verdict.model.ts";

it("says in one line that nobody is needed", () => {
  expect(verdictOf(calmOverview())).toBe("All 7 workers answer, queues drain, <0.1 % of the runs failed.");
});

it("counts what needs a person, notes left out", () => {
  expect(verdictOf(troubledOverview())).toBe("3 things need you");
  expect(verdictOf(calmOverview({ findings: [{ kind: "redis", severity: "note", text: "", href: null }] }))).toMatch(/^All 7 workers/);
});

it("promises nothing of workers and queues that it has not seen", () => {
  expect(verdictOf(calmOverview({ workers: [], queues: [], ended: { succeeded: 0, failed: 0, retried: 0, revoked: 0 } }))).toBe(
    "No worker has been heard, no queue has been seen, nothing ended in this time window.",
  );
});

it("notices that no events about tasks arrive", () => {
  expect(hearsTasks(silentOverview())).toBe(false);
  expect(hearsTasks(calmOverview())).toBe(true);
});
