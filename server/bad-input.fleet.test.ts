import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Perennial, startPerennial } from "../e2e/perennial.ts";
import { type Expectation, type Fleet, startFleet } from "../lib/testing/fleet.ts";
import { HOSTILE, type MalformedCase, type Target } from "../lib/testing/malformed/case.ts";
import { MALFORMED, POISON } from "../lib/testing/malformed/index.ts";
import { VOLUME } from "../lib/testing/malformed/keys.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { allRows, differences, type Questions, questionsTo } from "../lib/testing/truth.ts";

/** No answer may take longer, on two cores that the workers and Redis share. Most take a hundredth of this. */
const ANSWER_MS = 10_000;
/** As in a container of 2 GB: left to itself on a large machine, V8 keeps garbage that it has no reason to collect yet. */
const HEAP_MB = 1_024;
/** What the process may need at most, ever. Each of the twenty bombs, were it taken at its word, would be 256 MB more. */
const RSS_BYTES = 1_600_000_000;
/** Celery cannot work beside these: they replace keys that it needs itself. */
const STOPS_CELERY = /unacknowledged messages are|their index is|restore lock|table of workers|binding deadlines/;
/** Between two questions: some people look, and nobody as fast as it can answer. */
const PAUSE_MS = 100;
const LOOP_MS = 45_000;
const SETTLED_MS = 240_000;
const RECONCILED_MS = 240_000;

let redis: RedisServer;
let perennial: Perennial;
let fleet: Fleet | undefined;
let client: Redis;

beforeEach(async () => {
  redis = await withRedis();
  client = new Redis(redis.url);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  client.disconnect();
  await fleet?.end();
  fleet = undefined;
  await perennial.stop();
  await redis.stop();
});

async function overview(broker?: string): ReturnType<Questions["overview"]> {
  return questionsTo(perennial.address).overview(broker);
}

async function asked(path: string): Promise<unknown> {
  const answer = await fetch(perennial.address + path);
  if (!answer.ok) throw new Error(`${path.slice(0, 200)}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

describe("a Redis that holds everything that can be wrong, beside a worker at work", () => {
  const QUEUE = "junkyard";
  const BROKERS = ["work", "junk"];

  /** Why events cannot be read, or only in part, and how often. Digits stand for places in a text. */
  const EVENTS = {
    "the message is not JSON: no value at 0": 3,
    "the message is not JSON: a string without an end at 8": 1,
    "the message is not JSON: nested deeper than N levels": 1,
    "the message is no JSON object": 1,
    "the message's body is no text": 1,
    "an event message cannot be read: the message has no body": 1,
    "an event message cannot be read: not JSON: no value at 0": 2,
    "an event message cannot be read: not JSON: a string without an end at N": 1,
    "an event message cannot be read: an unknown content type": 1,
    "an event is no object": 7,
    "an event has no type": 4,
    'an event "task-started" has no uuid': 3,
    'an event "task-started" has no timestamp': 3,
    "a time is out of bounds": 3,
    "an id is longer than N characters": 2,
  };
  const RESULTS = {
    "a result has no status": 9,
    "not JSON: no } at N": 1,
    "not text in its encoding": 1,
    "the MessagePack ends early": 1,
    "damaged compressed data": 1,
    "an unknown compression": 2,
    "decompresses to more than N bytes": 5,
  };
  const KEYS = [
    ["queue q-text", "q-text is no list"],
    ["queue q-hash", "q-hash is no list"],
    ["queue q-stream", "q-stream is no list"],
    ["queue q-step", "q-step\x06\x163 is no list"],
    ["binding hash", "_kombu.binding.hash is no set"],
    ["binding text", "_kombu.binding.text is no set"],
  ] as const;
  /** Bad messages that are told with the same words as the 10,000. */
  const NO_JSON = 5;
  /** A message that is right, but for an id that is too long for us. */
  const LONG_ID = 1;

  function told(place: MalformedCase["place"], kinds: readonly MalformedCase["readable"][] = ["nothing", "part"]): number {
    return MALFORMED.filter((one) => one.place === place && !VOLUME.includes(one) && kinds.includes(one.readable)).length;
  }

  async function put(cases: readonly MalformedCase[], databases: [broker: number, results: number]): Promise<void> {
    const [database, resultDatabase] = databases;
    const target: Target = {
      broker: new Redis(`${redis.url}/${database}`),
      results: new Redis(`${redis.url}/${resultDatabase}`),
      database,
      queue: QUEUE,
    };
    await target.broker.sadd(`_kombu.binding.${QUEUE}`, `${QUEUE}\x06\x16\x06\x16${QUEUE}`);
    for (const one of cases) await one.put(target);
    target.broker.disconnect();
    target.results.disconnect();
  }

  /** Asks everything that can be asked, again and again; the longest that each took. */
  async function askEverything(signal: AbortSignal): Promise<Map<string, number>> {
    const took = new Map<string, number>();
    const timed = async (path: string, expected = [200]): Promise<void> => {
      const begunAt = performance.now();
      const answer = await fetch(perennial.address + path, { signal: AbortSignal.timeout(60_000) });
      const text = await answer.text();
      expect(expected, `${path}: ${answer.status} ${text.slice(0, 200)}`).toContain(answer.status);
      took.set(path, Math.max(took.get(path) ?? 0, performance.now() - begunAt));
      await delay(PAUSE_MS);
    };
    const questions = ["overview", "tasks?window=6h", "tasks?q=alert", "queues", `queues/${QUEUE}/messages`, "workers", "series"];
    while (!signal.aborted) {
      for (const broker of BROKERS) {
        for (const path of questions) await timed(`/api/v1/${path}${path.includes("?") ? "&" : "?"}broker=${broker}`);
        // Which queues there are is looked for every half minute.
        await timed(`/api/v1/queues/${QUEUE}?broker=${broker}`, [200, 404]);
        for (const page of ["", "tasks", "queues", "workers"]) await timed(`/${page}?broker=${broker}`);
      }
      for (const path of ["/healthz", "/readyz", "/metrics", "/api/v1/brokers"]) await timed(path);
    }
    return took;
  }

  function peakBytes(): number {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${perennial.process.pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1024;
  }

  test("counts and shows it, goes on, and is right about the work", { timeout: 600_000 }, async () => {
    vi.stubEnv("NODE_OPTIONS", `--max-old-space-size=${HEAP_MB}`);
    perennial = await startPerennial(
      ...["--name", "work", "--broker", `${redis.url}/0`, "--results", `${redis.url}/1`],
      ...["--name", "junk", "--broker", `${redis.url}/2`, "--results", `${redis.url}/3`],
    );
    fleet = await startFleet({
      redisUrl: redis.url,
      venv: "celery-5.7",
      workers: [
        { name: "garden", queues: ["default", "math", "slow", "prio"], concurrency: 4 },
        { name: "pond", queues: ["poolthreads"], pool: "threads" },
      ],
    });
    const over = new AbortController();
    const asking = askEverything(over.signal);
    asking.catch(() => undefined);
    const beside = MALFORMED.filter(({ name }) => !STOPS_CELERY.test(name));
    await Promise.all([fleet.produce({ count: 300, seed: 11 }), put(beside, [0, 1]), put(MALFORMED, [2, 3])]);
    // `fleet.settled` would wait for `unacked` to be empty, which it never is here.
    await vi.waitFor(async () => expect((await fleet?.expectations())?.settled).toBe(true), { timeout: SETTLED_MS, interval: 2_000 });

    const truth = await fleet.expectations();
    const questions = questionsTo(perennial.address);
    await vi.waitFor(async () => expect(ofTheWork(await differences(truth, questions))).toEqual([]), {
      timeout: RECONCILED_MS,
      interval: 3_000,
    });
    over.abort();
    expect([...(await asking)].filter(([, ms]) => ms > ANSWER_MS)).toEqual([]);
    expect(peakBytes()).toBeLessThan(RSS_BYTES);
    expect(perennial.errors()).toBe("");

    for (const broker of BROKERS) {
      await everyMessageIsShown(broker);
      await everythingIsCounted(broker);
    }
    await nothingIsInvented(truth, questions);
  });

  /** Tasks that only the bad input tells of are in no ledger. */
  function ofTheWork(found: string[]): string[] {
    return found.filter((difference) => !difference.startsWith("unexpected: "));
  }

  /** Each bad message with what is wrong with it; what is only strange without a word. */
  async function everyMessageIsShown(broker: string): Promise<void> {
    const cases = MALFORMED.filter(({ name }) => name.startsWith("a message "));
    const questions = questionsTo(perennial.address);
    const shown: string[][] = [];
    while (shown.length < cases.length) {
      const { messages } = await questions.waiting(QUEUE, { broker, offset: shown.length });
      shown.push(...messages.map(({ problems }) => problems));
    }
    for (const [i, { name, readable }] of cases.entries()) {
      const problems = shown[i] ?? [];
      if (readable === "all") expect.soft(problems, name).toEqual([]);
      else expect.soft(problems.length, name).toBeGreaterThan(0);
    }
  }

  /** By place and reason, with a sample of each. What is told again for as long as it lasts is counted at least once. */
  async function everythingIsCounted(broker: string): Promise<void> {
    const { malformed, us, findings } = await overview(broker);
    const reasons = (where: string): [string, number][] =>
      malformed.filter((kind) => kind.where === where).map(({ reason, count }) => [reason.replace(/\d{2,}/g, "N"), count]);
    const count = (where: string): number => reasons(where).reduce((sum, [, times]) => sum + times, 0);

    expect.soft(Object.fromEntries(reasons("events")), broker).toEqual(EVENTS);
    expect.soft(Object.fromEntries(reasons("result")), broker).toEqual(RESULTS);
    for (const [where, reason] of KEYS)
      expect
        .soft(
          reasons(where).map(([told]) => told),
          `${broker}: ${where}`,
        )
        .toContainEqual(reason);
    expect.soft(count("binding malformed"), broker).toBe(told("binding", ["nothing"]));
    // Of the 10,000 that are no JSON those near the ends were read; of the others each counts once.
    const flood = reasons(`queue ${QUEUE}`).find(([reason]) => reason === "the message is not JSON: no value at 0")?.[1] ?? 0;
    expect.soft(flood, broker).toBeGreaterThan(100);
    expect.soft(flood, broker).toBeLessThanOrEqual(10_000 + NO_JSON);
    expect.soft(count(`queue ${QUEUE}`) - flood, broker).toBe(told("queue") + LONG_ID - NO_JSON);
    // In the other database something else stands in its place.
    if (broker === "work") expect.soft(count("unacked")).toBe(told("unacked") + LONG_ID);
    else expect.soft(reasons("unacked").map(([reason]) => reason)).toContain("unacked_index is no sorted set");

    for (const { where, reason, sample } of malformed)
      if (!/ is no (list|set|sorted set)$/.test(reason)) expect.soft(sample, `${where}: ${reason}`).not.toBeNull();
    expect.soft(us.malformed).toBeGreaterThanOrEqual(malformed.reduce((sum, kind) => sum + kind.count, 0));
    expect.soft(us.lostEvents).toBe(0);
    expect.soft(findings).toContainEqual(expect.objectContaining({ kind: "malformed" }));
  }

  /** Every task that is no work of the fleet is one that the bad input names, and can be looked at. */
  async function nothingIsInvented(truth: Expectation, questions: Questions): Promise<void> {
    const others = [...(await allRows(questions)).keys()].filter((id) => !(id in truth.tasks) && !id.startsWith("bad0bad0-"));
    const known = ["../../etc/passwd?a=b#c%2f", "bare", "ouroboros", HOSTILE];
    expect(others.toSorted()).toEqual(known.toSorted());
    // Half a surrogate pair, as in the last one, has no place in an address.
    for (const id of known.slice(0, -1)) {
      expect(await asked(`/api/v1/tasks/${encodeURIComponent(id)}?broker=work`)).toMatchObject({ row: { id } });
      expect((await fetch(`${perennial.address}/tasks/${encodeURIComponent(id)}?broker=work`)).status).toBe(200);
    }
    for (const page of ["", "tasks", "queues", "workers"])
      expect(await (await fetch(`${perennial.address}/${page}?broker=work`)).text(), page).not.toContain("<script>alert(1)");
  }
});

describe("a message without an id", () => {
  test("is named as what makes the worker loop, with the way out, and is forgotten when it is gone", async () => {
    perennial = await startPerennial("--broker", `${redis.url}/0`, "--results", `${redis.url}/1`);
    fleet = await startFleet({ redisUrl: redis.url, venv: "celery-5.7", workers: [{ name: "garden", queues: ["default"] }] });
    await vi.waitFor(
      async () => expect((await overview()).workers).toMatchObject([{ name: "garden@fleet", state: "online", queues: ["default"] }]),
      {
        timeout: 60_000,
        interval: 500,
      },
    );
    await client.lpush("default", POISON.noId);
    const poison = await vi.waitFor(
      async () => {
        const found = (await overview()).findings.find(({ kind }) => kind === "poison");
        if (found === undefined) throw new Error("not yet");
        return found;
      },
      { timeout: LOOP_MS, interval: 250 },
    );
    expect(poison).toMatchObject({ severity: "trouble", href: "/queues/default" });
    expect(poison.text).toMatch(
      /^garden@fleet reconnects over and over .* queue default: .* no id.* endless reconnect loop .* Remove the message: that ends it/,
    );
    const { workers, malformed } = await overview();
    expect(workers[0]).toMatchObject({ state: "looping", reason: expect.stringContaining("breaks its connection") });
    expect(malformed).toMatchObject([
      { where: "queue default", reason: expect.stringContaining("no id"), sample: expect.stringContaining('"task"') },
    ]);

    // It lies in the queue but for the moment in which the worker has it.
    await vi.waitFor(
      async () => {
        const elements = await client.lrange("default", 0, -1);
        const removed = await Promise.all(elements.map((element) => client.lrem("default", 1, element)));
        expect(removed).toContain(1);
      },
      { timeout: 30_000, interval: 20 },
    );
    await vi.waitFor(
      async () => {
        const { findings, workers } = await overview();
        expect(findings.filter(({ kind }) => kind === "poison" || kind === "worker-looping")).toEqual([]);
        expect(workers[0]?.state).toBe("online");
      },
      { timeout: LOOP_MS, interval: 500 },
    );
    const [id = ""] = await fleet.send([{ name: "fleet.add", args: [1, 2], queue: "default" }]);
    await vi.waitFor(async () => expect(await asked(`/api/v1/tasks/${id}`)).toMatchObject({ row: { state: "SUCCESS" } }), {
      timeout: 60_000,
      interval: 500,
    });
  });
});

describe("a message that crashes every worker up to 5.6", () => {
  test("is named in its queue with what it does, before any worker takes it", async () => {
    await client.lpush("default", POISON.shortBody);
    perennial = await startPerennial("--broker", `${redis.url}/0`);
    const [message] = await vi.waitFor(
      async () => {
        const { messages } = await questionsTo(perennial.address).waiting("default");
        expect(messages).toHaveLength(1);
        return messages;
      },
      { timeout: 60_000, interval: 500 },
    );
    expect(message?.problems.join("\n")).toMatch(
      /2 parts instead of 3: .* crashes, the message is restored, and the next worker crashes too/,
    );
    await vi.waitFor(
      async () =>
        expect((await overview()).malformed).toMatchObject([
          { where: "queue default", reason: expect.stringContaining("the next worker crashes too"), count: 1, sample: POISON.shortBody },
        ]),
      { timeout: 60_000, interval: 500 },
    );
  });
});
