import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import { encodeRedbeatMeta } from "../../lib/wire/celery/encode-redbeat.ts";
import { decodeRedbeatEntry, type RedbeatEntry } from "../../lib/wire/celery/redbeat.ts";
import { redbeatKeys } from "../../lib/wire/celery/redbeat-key.ts";
import type { TimeZone } from "../../lib/wire/celery/time-zone.ts";
import type { Decoded } from "../../lib/wire/decoded.ts";
import { type Timetable, timetable } from "./timetable.ts";

/** An entry as it stands in Redis. */
export interface StoredEntry {
  key: string;
  definition: string;
  meta: string | null;
  read: Decoded<{ entry: RedbeatEntry; nextRunAt: Timetable }>;
}

/**
 * What became of a run: it is recorded (and its message in the queue), or nothing was done, because somebody changed the entry since it
 * was read, or because another beat leads.
 */
export type RunOutcome = "sent" | "changed" | "fenced";

/** RedBeat's keys (2.4) in one Redis. Python's RedBeat reads and writes the same. */
export class ScheduleStore {
  readonly lockKey: string;
  readonly #redis: Redis;
  readonly #zone: TimeZone;
  readonly #keys: ReturnType<typeof redbeatKeys>;

  constructor(redis: Redis, zone: TimeZone, prefix: string) {
    this.#redis = redis;
    this.#zone = zone;
    this.#keys = redbeatKeys(prefix);
    this.lockKey = this.#keys.lock;
  }

  /**
   * Makes these the entries that come from the application's settings. Those of earlier settings go, those that stay keep their runs, a
   * new one counts from now on: as RedBeat does when it starts.
   */
  async install(definitions: ReadonlyMap<string, string>, now: number): Promise<void> {
    const { schedule, statics } = this.#keys;
    const writes = this.#redis.multi();
    for (const name of await this.#redis.smembers(statics)) {
      if (definitions.has(name)) continue;
      const key = this.#keys.entry(name);
      writes.zrem(schedule, key).del(key).srem(statics, name);
    }
    for (const [name, definition] of definitions) {
      const key = this.#keys.entry(name);
      const [known = null, meta = null] = await this.#redis.hmget(key, "definition", "meta");
      const firstMeta = encodeRedbeatMeta({ lastRunAt: known === null ? now : null, totalRunCount: null }, this.#zone);
      const { read } = this.#stored(key, definition, known === null ? firstMeta : meta);
      if (!read.ok) continue; // it cannot be followed because of its meta; the next tick says so
      writes
        .hset(key, "definition", definition)
        .hsetnx(key, "meta", firstMeta)
        .zadd(schedule, scoreOf(Math.max(now, dueAt(read.value, now))), key)
        .sadd(statics, name);
    }
    await writes.exec();
  }

  /** The entries that may be due, and the next one after them within the horizon. What has no definition any more leaves the schedule. */
  async upcoming(now: number, horizonMs: number): Promise<StoredEntry[]> {
    const { schedule } = this.#keys;
    const second = Math.floor(now / 1000);
    const due = await this.#redis.zrangebyscore(schedule, 0, second);
    const next = await this.#redis.zrangebyscore(schedule, `(${second}`, second + horizonMs / 1000, "LIMIT", 0, 1);
    const entries: StoredEntry[] = [];
    for (const key of [...due, ...next]) {
      const [definition = null, meta = null] = await this.#redis.hmget(key, "definition", "meta");
      if (definition === null) await this.#redis.zrem(schedule, key);
      else entries.push(this.#stored(key, definition, meta));
    }
    return entries;
  }

  /**
   * Records a run of an entry at `runAt`, and pushes its message where one is given: all of it or nothing, and only while the
   * lock has our token and the entry is as it was read. So no tick is sent twice, none is recorded without being sent, and a beat that
   * has lost its lock without knowing can do no harm.
   */
  async run(
    { key, definition, meta }: StoredEntry,
    run: { token: string; entry: RedbeatEntry; runAt: number; nextRunAt: number; push?: { lists: readonly string[]; text: string } },
  ): Promise<RunOutcome> {
    const newMeta = encodeRedbeatMeta({ lastRunAt: run.runAt, totalRunCount: (run.entry.totalRunCount ?? 0) + 1 }, this.#zone);
    return runEntry(
      this.#redis,
      [this.lockKey, this.#keys.schedule, key, ...(run.push?.lists ?? [])],
      [run.token, definition, meta ?? "", newMeta, scoreOf(run.nextRunAt), run.push?.text ?? ""],
    );
  }

  #stored(key: string, definition: string, meta: string | null): StoredEntry {
    return { key, definition, meta, read: this.#read(definition, meta) };
  }

  #read(definition: string, meta: string | null): StoredEntry["read"] {
    const entry = decodeRedbeatEntry(definition, meta);
    if (!entry.ok) return entry;
    const nextRunAt = timetable(entry.value.schedule, this.#zone);
    return nextRunAt.ok ? { ok: true, value: { entry: entry.value, nextRunAt: nextRunAt.value } } : nextRunAt;
  }
}

/** When an entry is due: at once when it never ran, or was told to run by taking its last run away. */
export function dueAt(read: { entry: RedbeatEntry; nextRunAt: Timetable }, now: number): number {
  return read.entry.lastRunAt === null ? now : read.nextRunAt(read.entry.lastRunAt);
}

/** Scores are whole epoch seconds; an entry is looked at from its second on. */
function scoreOf(at: number): number {
  return Math.floor(at / 1000);
}

/**
 * KEYS: lock (string), schedule (sorted set), entry (hash), and the lists that the message goes to. ARGV: our token, definition
 * and meta (empty when none) as they were read, the new meta, the new score, the message. Returns `sent`, `changed` or `fenced`.
 * The push comes first: a list that is none stops the script, and then nothing else must have happened.
 */
const runEntry = defineScript<
  string[],
  [token: string, definition: string, meta: string, newMeta: string, score: number, message: string],
  RunOutcome
>({
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
local was = redis.call('HMGET', KEYS[3], 'definition', 'meta')
if was[1] ~= ARGV[2] or (was[2] or '') ~= ARGV[3] then return 'changed' end
for i = 4, #KEYS do redis.call('LPUSH', KEYS[i], ARGV[6]) end
redis.call('HSET', KEYS[3], 'meta', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], KEYS[3])
return 'sent'`,
  reply: (raw) => {
    const word = String(raw);
    return word === "sent" || word === "changed" ? word : "fenced";
  },
});
