import { expect, it } from "vitest";
import { calmOverview, troubledOverview } from "../../lib/testing/factories/overview.ts";
import { troubleAt } from "./trouble.model.ts";

it("says nothing where nothing is wrong", () => {
  expect((["/", "/tasks", "/queues", "/workers"] as const).map((path) => troubleAt(path, calmOverview()))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it("counts what needs a person, loudly only where work has stopped", () => {
  const overview = troubledOverview();
  expect(troubleAt("/", overview)).toEqual({ count: 3, loud: true, text: "3 need you" });
  expect(troubleAt("/queues", overview)).toEqual({ count: 2, loud: true, text: "2 in trouble" });
  expect(troubleAt("/workers", { ...overview, workers: overview.workers.filter(({ state }) => state === "late") })).toMatchObject({
    count: 1,
    loud: false,
  });
});
