import { describe, expect, test } from "vitest";
import { errorCode } from "../errors.ts";
import { requireSameOrigin } from "./origin.ts";

function verdict(headers: Record<string, string>): string {
  try {
    requireSameOrigin(new Headers({ "content-type": "application/json", host: "perennial.example:8080", ...headers }));
    return "let in";
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

describe("a write is", () => {
  test.each([
    ["from a script", {}, "let in"],
    ["from our own page", { "sec-fetch-site": "same-origin", origin: "https://perennial.example:8080" }, "let in"],
    ["from our own page over plain http", { origin: "http://perennial.example:8080" }, "let in"],
    [
      "from our own page behind a proxy",
      { host: "inner:80", "x-forwarded-host": "perennial.example", origin: "https://perennial.example" },
      "let in",
    ],
    ["from another site", { "sec-fetch-site": "cross-site" }, "refused"],
    ["from a neighbour domain", { "sec-fetch-site": "same-site" }, "refused"],
    ["from another origin", { origin: "https://evil.example" }, "refused"],
    ["from another port", { origin: "http://perennial.example:9000" }, "refused"],
    ["from a sandboxed frame", { origin: "null" }, "refused"],
    ["a plain form", { "content-type": "application/x-www-form-urlencoded" }, "bad-input"],
    ["JSON with a charset", { "content-type": "Application/JSON; charset=utf-8" }, "let in"],
  ])("%s: %o", (_, headers, expected) => {
    expect(verdict(headers as Record<string, string>)).toBe(expected);
  });
});
