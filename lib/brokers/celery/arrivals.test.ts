import { describe, expect, test } from "vitest";
import { Arrivals, type SeenMessage } from "./arrivals.ts";

const fresh = (...keys: string[]): SeenMessage[] => keys.map((key) => ({ key, redelivered: false }));
const again = (...keys: string[]): SeenMessage[] => keys.map((key) => ({ key, redelivered: true }));
const allOf = (line: Arrivals, ...keys: string[]) => keys.map((key) => line.of(key));

describe("a message's arrival", () => {
  test("is watched when the list was looked at before", () => {
    const line = new Arrivals(false);
    line.came(fresh("b", "a"), 10, true);
    line.came(fresh("c"), 20, true);
    const atFirst = { at: 10, watched: false };
    expect(allOf(line, "a", "b", "c", "d")).toEqual([atFirst, atFirst, { at: 20, watched: true }, undefined]);
  });

  test("is watched at the first look when the list was seen empty before", () => {
    const line = new Arrivals(true);
    line.came(fresh("a"), 10, true);
    expect(line.of("a")).toEqual({ at: 10, watched: true });
  });

  test("is forgotten once a later one is the next to be taken", () => {
    const line = new Arrivals(false);
    line.came(fresh("c", "b", "a"), 10, true);
    line.next("b");
    expect(allOf(line, "a", "b", "c").map((one) => one !== undefined)).toEqual([false, true, true]);
  });

  test("stays when the next one was given back and stands before all others", () => {
    const line = new Arrivals(false);
    line.came(fresh("b", "a"), 10, true);
    line.came(fresh("c"), 20, true);
    line.cameToFront(again("x"), 30, true);
    line.next("x");
    expect(allOf(line, "x", "c")).toEqual([
      { at: 30, watched: false },
      { at: 20, watched: true },
    ]);
    line.next("a");
    expect([line.has("x"), line.has("c")]).toEqual([false, true]);
  });
});

describe("a part that was not read", () => {
  test("at the first look lies there at least since then", () => {
    const line = new Arrivals(false);
    line.came(fresh("z"), 10, false);
    line.cameToFront(fresh("a"), 50, false);
    expect(line.of("a")).toEqual({ at: 10, watched: false });
  });

  test("of a burst into a list that was watched came in that look", () => {
    const line = new Arrivals(true);
    line.came(fresh("z"), 10, false);
    line.cameToFront(fresh("a"), 50, false);
    expect(line.of("a")).toEqual({ at: 10, watched: true });
  });

  test("is read on in before it is the next, until nothing of it is left", () => {
    const line = new Arrivals(true);
    line.came(fresh("z"), 10, false);
    line.cameToFront(fresh("a", "b"), 20, false);
    expect(line.ahead).toBe(2);
    line.read(fresh("c"), 30, false);
    expect(line.ahead).toBe(3);
    line.read([...again("d"), ...fresh("e")], 40, true);
    expect(line.ahead).toBeUndefined();
    const came = { at: 10, watched: true };
    expect(allOf(line, "a", "c", "d", "e", "z")).toEqual([came, came, { at: 40, watched: false }, came, came]);
  });

  test("between others is passed with what came before it", () => {
    const line = new Arrivals(true);
    line.came(fresh("b"), 10, false);
    line.came(fresh("d"), 20, false);
    line.next("b");
    expect(line.ahead).toBe(1);
    line.cameToFront(fresh("c"), 50, false);
    expect(allOf(line, "b", "c", "d")).toEqual([undefined, { at: 20, watched: true }, { at: 20, watched: true }]);
  });

  test("is what the first of a line become that is too long to remember", () => {
    const line = new Arrivals(true);
    for (let i = 0; i < 300; i++) line.came(fresh(`${i}`), i, true);
    line.keep(100);
    expect([line.has("0"), line.has("199"), line.has("200")]).toEqual([false, false, true]);
    line.cameToFront(fresh("0"), 500, false);
    expect(line.of("0")).toEqual({ at: 199, watched: false });
  });
});
