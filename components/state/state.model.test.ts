import { describe, expect, it } from "vitest";
import { appearanceOf, orderStates } from "./state.model.ts";

describe("how a task looks", () => {
  it("tells a queued task from one that nothing is known of", () => {
    expect(appearanceOf({ state: "PENDING", sentAt: 1 }).word).toBe("Queued");
    expect(appearanceOf({ state: "PENDING", sentAt: null }).word).toBe("Unknown");
  });

  it("shows a success after retries as one to look at", () => {
    expect(appearanceOf({ state: "SUCCESS", retries: 2 })).toMatchObject({ word: "Recovered", meaning: "Done, after 2 retries" });
    expect(appearanceOf({ state: "SUCCESS", retries: 0 }).word).toBe("Succeeded");
  });

  it("is loud only where a person is needed", () => {
    const loud = ["PENDING", "RECEIVED", "STARTED", "SUCCESS", "RETRY", "REVOKED", "FAILURE", "LOST"].filter(
      (state) => appearanceOf({ state }).loud,
    );
    expect(loud).toEqual(["FAILURE", "LOST"]);
  });

  it("shows custom states by their own name, whatever it is", () => {
    expect(appearanceOf({ state: "UPLOADING" }).word).toBe("UPLOADING");
    expect(appearanceOf({ state: "constructor" }).word).toBe("constructor");
  });
});

describe("counts by state", () => {
  it("puts trouble first and custom states last", () => {
    expect(orderStates({ SUCCESS: 9, UPLOADING: 1, FAILURE: 2, RETRY: 0 })).toEqual([
      ["FAILURE", 2],
      ["SUCCESS", 9],
      ["UPLOADING", 1],
    ]);
  });

  it("keeps a chosen state that has no match, so that it can be let go", () => {
    expect(orderStates({}, ["LOST"])).toEqual([["LOST", 0]]);
  });
});
