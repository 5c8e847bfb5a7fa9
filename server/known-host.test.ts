import { expect, test } from "vitest";
import { isKnownHost } from "./known-host.ts";

const NAMES = ["localhost", "perennial.example.com"];

test.each([
  "localhost",
  "LocalHost:8555",
  "localhost.:8555",
  "127.0.0.1:8555",
  "[::1]:8555",
  "10.0.3.7",
  "perennial.example.com",
  undefined,
])("%s is ours", (host) => expect(isKnownHost(host, NAMES)).toBe(true));

test.each([
  "evil.example:8555",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "evil.example#localhost",
  "[localhost.evil.example]",
  "",
  "2130706433.example",
])("%s is not", (host) => expect(isKnownHost(host, NAMES)).toBe(false));

test("every name is ours where nobody said which", () => {
  expect(isKnownHost("evil.example", null)).toBe(true);
});
