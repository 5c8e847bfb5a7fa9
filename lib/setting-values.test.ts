import { describe, expect, it } from "vitest";
import { readBytes, readDuration, readFlag, readHostNames, readPort, readPrefix, readRedisUrls, readSteps } from "./setting-values.ts";

const table = <T>(read: (raw: unknown) => T | undefined, rows: [raw: unknown, value: T | undefined][]) =>
  it.each(rows)("%j is %j", (raw, value) => expect(read(raw)).toEqual(value));

describe("a port", () =>
  table(readPort, [
    ["8555", 8555],
    [0, 0],
    ["65536", undefined],
    ["-1", undefined],
    ["", undefined],
    [1.5, undefined],
    ["80a", undefined],
  ]));

describe("a switch", () =>
  table(readFlag, [
    [true, true],
    ["1", true],
    ["false", false],
    ["yes", undefined],
    ["", undefined],
    [null, undefined],
  ]));

describe("a time", () =>
  table(readDuration, [
    ["7d", 604_800_000],
    ["12h", 43_200_000],
    ["1.5 h", 5_400_000],
    ["90s", 90_000],
    ["0d", undefined],
    ["7", undefined],
    [7, undefined],
    ["1y", undefined],
  ]));

describe("a size", () =>
  table(readBytes, [
    ["512MB", 512e6],
    ["2GiB", 2 ** 31],
    ["10 kb", 10_000],
    [4096, 4096],
    ["4096", 4096],
    ["0", undefined],
    ["-1MB", undefined],
    ["big", undefined],
  ]));

describe("priority steps", () =>
  table(readSteps, [
    ["0,3,6,9", [0, 3, 6, 9]],
    [
      [0, 5],
      [0, 5],
    ],
    ["0", [0]],
    ["3,6", undefined],
    ["0,3,3", undefined],
    ["0,x", undefined],
    ["", undefined],
    [[], undefined],
  ]));

describe("a prefix", () =>
  table(readPrefix, [
    ["/ops/celery", "/ops/celery"],
    ["/ops/", "/ops"],
    ["/", ""],
    ["", ""],
    ["ops", undefined],
    ["/a//b", undefined],
    ["/../x", undefined],
    ['/"x', undefined],
  ]));

describe("Redis URLs", () =>
  table(readRedisUrls, [
    ["redis://:a,b@h/1", ["redis://:a,b@h/1"]],
    ["redis://a/1 rediss://b/2", ["redis://a/1", "rediss://b/2"]],
    [
      ["redis://a", "redis+socket:///run/redis.sock"],
      ["redis://a", "redis+socket:///run/redis.sock"],
    ],
    ["amqp://h", undefined],
    ["localhost:6379", undefined],
    [[], undefined],
  ]));

describe("names of this server", () =>
  table(readHostNames, [
    ["ops.example.com", ["ops.example.com"]],
    ["ops, www.example.com", ["ops", "www.example.com"]],
    [
      ["ops", "www"],
      ["ops", "www"],
    ],
    ["http://ops", undefined],
    ["ops:8555", undefined],
    ["", undefined],
    [[1], undefined],
  ]));
