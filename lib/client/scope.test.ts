import { describe, expect, it } from "vitest";
import { patched, readScope, scopeParams, shiftPatch } from "./scope.ts";

const NOW = Date.UTC(2025, 10, 21, 12);
const HOUR = 3_600_000;

describe("the time window in the address", () => {
  it("is the last hour where nothing or nonsense is said", () => {
    expect(readScope(new URLSearchParams())).toEqual({ window: "1h" });
    expect(readScope(new URLSearchParams("window=never&from=x&to="))).toEqual({ window: "1h" });
  });

  it("may be two moments, which win over a sliding one", () => {
    expect(readScope(new URLSearchParams("window=24h&from=5&to=9&broker=eu"))).toEqual({ broker: "eu", from: 5, to: 9 });
  });

  it("goes along with links, filters do not", () => {
    expect(scopeParams(new URLSearchParams("window=24h&state=FAILURE&broker=eu")).toString()).toBe("broker=eu&window=24h");
  });
});

describe("earlier and later", () => {
  const follow = (start: string, ...steps: (-1 | 1)[]): string =>
    steps
      .reduce(
        (params, step, index) => patched(params, shiftPatch(readScope(params), step, NOW + index * 30_000)),
        new URLSearchParams(start),
      )
      .toString();

  it("moves by half a window", () => {
    expect(follow("", -1)).toBe(`from=${NOW - 1.5 * HOUR}&to=${NOW - 0.5 * HOUR}`);
  });

  it("slides again when it comes back to now", () => {
    expect(follow("", -1, 1)).toBe("");
    expect(follow("window=6h", -1, 1)).toBe("window=6h");
  });

  it("goes nowhere from now, and nowhere from everything", () => {
    expect(follow("window=6h", 1)).toBe("window=6h");
    expect(follow("from=0", -1)).toBe("from=0");
  });
});
