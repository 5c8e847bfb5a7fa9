import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { errorCode } from "./errors.ts";
import { connectRedis, displayUrl } from "./redis.ts";

describe("displayUrl", () => {
  it.each([
    ["redis://localhost", "redis://localhost"],
    ["redis://:pw@host:6379/0", "redis://:***@host:6379/0"],
    ["rediss://ana:p%40w@host/2?ssl_cert_reqs=none&password=x", "rediss://ana:***@host/2"],
    ["redis://pw@host", "redis://***@host"],
    ["redis+socket://:pw@/run/redis.sock?virtual_host=1", "(unreadable URL)"],
    ["unix:///run/redis.sock?db=1", "unix:///run/redis.sock"],
    ["redis://:a@one;redis://:b@two", "redis://:***@one;redis://:***@two"],
    ["pw", "(unreadable URL)"],
  ])("%s is shown as %s", (url, shown) => {
    expect(displayUrl(url)).toBe(shown);
  });
});

describe("connectRedis", () => {
  it.each(["redis//:hunter2@host", "http://:hunter2@host", "redis://:hunter2@host/main", "redis://:hunter2@host:99999/0"])(
    "refuses %s without repeating it",
    (url) => {
      let error: unknown;
      try {
        connectRedis(url, { name: "test" });
      } catch (thrown) {
        error = thrown;
      }
      expect(errorCode(error)).toBe("bad-input");
      expect(inspect(error)).not.toContain("hunter2");
    },
  );
});
