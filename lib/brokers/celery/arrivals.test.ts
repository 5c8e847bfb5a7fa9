import { describe, expect, test } from "vitest";
import { Arrivals } from "./arrivals.ts";

const fresh = (key: string) => ({ key, redelivered: false });
const again = (key: string) => ({ key, redelivered: true });
const BOUND = 100;

describe("a message's arrival", () => {
  test("is watched when the list was looked at before", () => {
    const line = new Arrivals(false);
    line.came(["b", "a"], 10, true);
    line.came(["c"], 20, true);
    expect(["a", "b", "c", "d"].map((key) => line.of(key))).toEqual([
      { at: 10, watched: false },
      { at: 10, watched: false },
      { at: 20, watched: true },
      undefined,
    ]);
  });

  test("is watched at the first look when the list was seen empty before", () => {
    const line = new Arrivals(true);
    line.came(["a"], 10, true);
    expect(line.of("a")).toEqual({ at: 10, watched: true });
  });

  test("is forgotten once a later one is the next to be taken", () => {
    const line = new Arrivals(false);
    line.came(["c", "b", "a"], 10, true);
    line.taken("b", BOUND);
    expect([line.has("a"), line.has("b"), line.has("c")]).toEqual([false, true, true]);
  });

  test("stays when the next one was given back and stands before all others", () => {
    const line = new Arrivals(false);
    line.came(["b", "a"], 10, true);
    line.came(["c"], 20, true);
    line.cameBack([again("x")], 30);
    line.taken("x", BOUND);
    expect(line.of("x")).toEqual({ at: 30, watched: false });
    expect(line.of("c")).toEqual({ at: 20, watched: true });
    line.taken("a", BOUND);
    expect([line.has("x"), line.has("c")]).toEqual([false, true]);
  });
});

describe("a part that was not read", () => {
  test("at the first look lies there at least since then", () => {
    const line = new Arrivals(false);
    line.came(["z"], 10, false);
    line.cameBack([fresh("a")], 50);
    line.taken("a", BOUND);
    expect(line.of("a")).toEqual({ at: 10, watched: false });
  });

  test("of a burst into a list that was watched came in that look", () => {
    const line = new Arrivals(true);
    line.came(["z"], 10, false);
    line.cameBack([fresh("a")], 50);
    line.taken("a", BOUND);
    expect(line.of("a")).toEqual({ at: 10, watched: true });
  });

  test("is passed when what came after it is next", () => {
    const line = new Arrivals(true);
    line.came(["b"], 10, false);
    line.came(["d"], 20, false);
    line.taken("b", BOUND);
    line.cameBack([fresh("c")], 50);
    expect(line.of("c")).toEqual({ at: 20, watched: true });
  });

  test("is what the oldest of a line become that is too long to remember", () => {
    const line = new Arrivals(true);
    for (let i = 0; i < 300; i++) line.came([`${i}`], i, true);
    line.taken("0", BOUND);
    expect([line.has("0"), line.has("199"), line.has("200")]).toEqual([false, false, true]);
    line.cameBack([fresh("0")], 500);
    expect(line.of("0")).toEqual({ at: 199, watched: false });
  });
});
