import { describe, expect, it } from "vitest";
import { prefixedUrl } from "./prefixed-url.ts";

describe("an address under a prefix", () => {
  it.each([
    ["/ops", "/ops", "left by the proxy"],
    ["/ops/", "/ops/", "left by the proxy, and Next redirects"],
    ["/ops?a=1", "/ops?a=1", "left, with a query"],
    ["/ops/tasks/1?a=1", "/ops/tasks/1?a=1", "left, deeper"],
    ["/", "/ops", "stripped"],
    ["/?a=1", "/ops?a=1", "stripped, with a query"],
    ["/tasks", "/ops/tasks", "stripped, deeper"],
    ["/opsimist", "/ops/opsimist", "another word that begins alike"],
  ])("%s is %s: %s", (url, expected) => expect(prefixedUrl(url, "/ops")).toBe(expected));

  it("stays as it is without a prefix", () => {
    for (const url of ["/", "/?a=1", "/tasks", "//x", "*"]) expect(prefixedUrl(url, "")).toBe(url);
  });
});
