import { describe, expect, it } from "vitest";
import type { Event } from "../../model/event.ts";
import { redisLogs } from "../../testing/redis-logs.ts";
import { logKeys } from "../keys.ts";

const { redis, freshName, open } = await redisLogs();

describe("the inbox", () => {
  const put = async (name: string, event: unknown): Promise<unknown> =>
    redis.xadd(logKeys(name).inbox, "*", "event", typeof event === "string" ? event : JSON.stringify(event));
  const started = (task: string): object => ({ type: "task.started", task, at: Date.now(), worker: "taskiq@one" });

  it("gives what others put there, tells what it cannot read, and loses nothing when the leader dies", async () => {
    const name = freshName();
    await put(name, started("a"));
    await put(name, "{");
    await put(name, { type: "task.acted", task: "a" });
    await put(name, started("b"));
    const dying = await open(name);
    const given: Event[] = [];
    for await (const events of dying.inbox(new AbortController().signal)) {
      given.push(...events);
      break;
    }
    expect(given.map(({ type, count }) => [type, count])).toEqual([
      ["task.started", undefined],
      ["task.started", undefined],
      ["log.malformed", 2],
    ]);
    await dying.close();

    await put(name, started("c"));
    const stop = new AbortController();
    const again: Event[] = [];
    for await (const events of (await open(name)).inbox(stop.signal)) {
      again.push(...events);
      if (again.length >= 4) stop.abort();
    }
    expect(again.map((event) => ("task" in event ? event.task : event.type))).toEqual(["a", "b", "log.malformed", "c"]);
  });

  it("is emptied by who reads it, and survives that the stream is lost", async () => {
    const name = freshName();
    const stop = new AbortController();
    const given: Event[] = [];
    await put(name, started("a"));
    for await (const events of (await open(name)).inbox(stop.signal)) {
      given.push(...events);
      if (given.length === 1) {
        void redis.flushall().then(async () => put(name, started("b")));
      } else if (given.length === 2) {
        void put(name, started("c"));
      } else {
        expect(await redis.xlen(logKeys(name).inbox)).toBe(1);
        stop.abort();
      }
    }
    expect(given.map((event) => "task" in event && event.task)).toEqual(["a", "b", "c"]);
  });
});

it("an act that cannot be read is told, and keeps nothing from those behind it", async () => {
  const name = freshName();
  const log = await open(name);
  await redis.xadd(logKeys(name).acts, "*", "d", "none of ours");
  await log.submit({ type: "task.acted", task: "a", at: 1, seenAt: 1, source: "operator", action: "revoke", actor: "Ada" });
  for await (const events of log.submitted(new AbortController().signal)) {
    expect(events).toMatchObject([{ type: "log.malformed", count: 1 }, { type: "task.acted" }]);
    break;
  }
});
