import { describe, expect, it } from "vitest";
import { chipsOf, nextSort, readTaskSearch, seriesOf } from "./task-search.ts";

const read = (text: string) => readTaskSearch(new URLSearchParams(text));

describe("the address of a list of tasks", () => {
  it("takes lists with commas and repeated ones", () => {
    expect(read("state=FAILURE,LOST&state=RETRY&q=state:SUCCESS")).toMatchObject({
      state: ["FAILURE", "LOST", "RETRY"],
      q: "state:SUCCESS",
    });
  });

  it("drops what it cannot read", () => {
    expect(read("sort=-colour&time=never&runMin=x&q=+")).toEqual({
      window: "1h",
      state: [],
      name: [],
      queue: [],
      worker: [],
      exception: [],
    });
  });

  it("says each filter with the way to drop it", () => {
    expect(chipsOf(read("name=a,b&parent=p"))).toEqual([
      { name: "name", value: "a", rest: ["b"] },
      { name: "name", value: "b", rest: ["a"] },
      { name: "parent", value: "p", rest: null },
    ]);
  });
});

describe("a click on a head", () => {
  it("sorts, turns round, and lets go", () => {
    expect([undefined, "-run", "run"].map((sort) => nextSort(sort, "run"))).toEqual(["-run", "run", null]);
    expect([undefined, "name", "-name"].map((sort) => nextSort(sort, "name"))).toEqual(["name", "-name", null]);
  });

  it("turns the order round that the list has anyway", () => {
    expect(nextSort(undefined, "last")).toBe("last");
    expect(nextSort("last", "last")).toBeNull();
  });
});

it("draws the series of the one name that is listed, else all", () => {
  expect(seriesOf(read("name=send&queue=a,b"))).toEqual({ by: "name", key: "send" });
  expect(seriesOf(read("name=send_*&worker=w1"))).toEqual({ by: "worker", key: "w1" });
  expect(seriesOf(read("name=a,b"))).toEqual({});
});
