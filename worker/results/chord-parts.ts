import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import { decodeChordPart } from "../../lib/wire/celery/chord.ts";
import { decodeSavedGroup } from "../../lib/wire/celery/group.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import type { StoredException } from "../../lib/wire/celery/result.ts";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { encodeKombuJson } from "../../lib/wire/serialize/json.ts";
import type { Log } from "../log.ts";
import { persevere } from "../persevere.ts";
import { exceptionRepr } from "../task/raised.ts";
import type { ResultStore } from "./result-store.ts";

/** A finished part of a chord. */
export interface ChordPart {
  taskId: string;
  groupId: string;
  groupIndex: number | null;
  state: string;
  /** Encoded as in the part's own result. */
  result: Value;
}

/** What a chord's last part finds: the results in order, or the first part that failed. */
export type ChordEnd =
  | { ok: true; results: Value[] }
  /** With what failed, where it is known. */
  | { ok: false; message: string; cause: StoredException | null };

const CLAIM_S = 6;
const SENDING_CLAIM_S = 21;
const DONE_S = 300;

/** Counting the parts of chords (Celery 5.7, `on_chord_part_return` of the Redis backend). */
export class ChordParts {
  readonly #redis: () => Redis;
  readonly #keys: CeleryKeys;
  readonly #expiresMs: number;
  readonly #results: ResultStore;
  readonly #log: Log;

  constructor(options: { redis: () => Redis; keys: CeleryKeys; expiresMs: number; results: ResultStore; log: Log }) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#expiresMs = options.expiresMs;
    this.#results = options.results;
    this.#log = options.log;
  }

  /** Counts the part. When it is the last one, `complete` is called with how the chord has ended, here and nowhere else. */
  async report(part: ChordPart, complete: (end: ChordEnd) => Promise<void>): Promise<void> {
    const { result: keys } = this.#keys;
    const { groupId, taskId } = part;
    const encoded = encodeKombuJson([1, taskId, part.state, part.result]);
    if (!encoded.ok) throw new TypeError(encoded.reason);
    const [parts, extra, size] = [keys.chordParts(groupId), keys.chordExtra(groupId), keys.chordSize(groupId)];
    const [counted, claim] = [keys.chordCounted(groupId), keys.chordClaim(groupId)];
    const token = randomUUID().replaceAll("-", "");
    const index = part.groupIndex ?? "+inf";
    const isLast = await persevere(
      () =>
        countPart(
          this.#redis(),
          [parts, extra, size, counted, claim],
          [`${taskId}:${index}`, index, encoded.value, Math.ceil(this.#expiresMs / 1000), CLAIM_S, token],
        ),
      this.#log,
    );
    if (!isLast) return;
    const end = await this.#end(groupId);
    if (!(await persevere(() => prolongClaim(this.#redis(), [claim, size], [token, SENDING_CLAIM_S]), this.#log))) return;
    await complete(end);
    if (end.ok) await persevere(() => closeChord(this.#redis(), [claim, parts, extra, size, counted], [token, DONE_S]), this.#log);
    else await persevere(() => this.#redis().del(size), this.#log);
  }

  async #end(groupId: string): Promise<ChordEnd> {
    const saved = await persevere(() => this.#redis().getBuffer(this.#keys.result.group(groupId)), this.#log);
    const header = saved === null ? null : decodeSavedGroup(saved);
    if (header?.ok === true) return this.#joined(header.value.members);
    const members = await persevere(() => this.#redis().zrangeBuffer(this.#keys.result.chordParts(groupId), "0", "-1"), this.#log);
    const results: Value[] = [];
    for (const member of members) {
      const part = decodeChordPart(member);
      if (!part.ok) return { ok: false, message: `Join error: ${part.reason}`, cause: null };
      const { exception, taskId } = part.value;
      if (exception !== null) return dependencyFailed(taskId, exception);
      results.push(part.value.result);
    }
    return { ok: true, results };
  }

  /** Of a header that is nested: each result from its own meta, in the header's structure. */
  async #joined(members: readonly ResultTuple[]): Promise<ChordEnd> {
    const results: Value[] = [];
    for (const member of members) {
      if (member.members !== null) {
        const inner = await this.#joined(member.members);
        if (!inner.ok) return inner;
        results.push(inner.results);
        continue;
      }
      const meta = await this.#results.read(member.id);
      if (meta === null) return { ok: false, message: `Join error: the result of ${member.id} is gone`, cause: null };
      if (meta.exception !== null) return dependencyFailed(member.id, meta.exception);
      results.push(meta.result);
    }
    return { ok: true, results };
  }
}

function dependencyFailed(taskId: string, exception: StoredException): ChordEnd {
  return { ok: false, message: `Dependency ${taskId} raised ${exceptionRepr(exception.type, exception.args)}`, cause: exception };
}

/**
 * KEYS: parts (sorted set), parts added later (string), size (string), counted (set), claim (string).
 * ARGV: "<task id>:<index>", index or +inf, part, seconds that the keys live (0: for ever), seconds of the claim, token.
 * Returns 1 when this part completes the chord and may send the body.
 */
const countPart = defineScript<
  [parts: string, extra: string, size: string, counted: string, claim: string],
  [member: string, index: number | "+inf", part: string, expires: number, claimSeconds: number, token: string],
  boolean
>({
  lua: `
local claim = redis.call('GET', KEYS[5])
if claim == 'done' then return 0 end
if claim == ARGV[6] then return 1 end
if redis.call('SADD', KEYS[4], ARGV[1]) == 1 then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3]) end
if tonumber(ARGV[4]) > 0 then for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ARGV[4]) end end
local size, extra = redis.call('GET', KEYS[3]), redis.call('GET', KEYS[2]) or 0
if size and redis.call('ZCARD', KEYS[1]) == size + extra then
  return redis.call('SET', KEYS[5], ARGV[6], 'NX', 'EX', ARGV[5]) and 1 or 0
end
return 0`,
  reply: (raw) => raw === 1,
});

/**
 * KEYS: claim, size. ARGV: token, seconds. Returns 1 where the claim is ours, or has run out and the chord is still open: a worker
 * that was slow must not leave it so for ever.
 */
const prolongClaim = defineScript<[claim: string, size: string], [token: string, seconds: number], boolean>({
  lua: `
local claim = redis.call('GET', KEYS[1])
if claim and claim ~= ARGV[1] then return 0 end
if not claim and redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1`,
  reply: (raw) => raw === 1,
});

/** KEYS: claim, then all that is left of the chord. ARGV: token, seconds for which late copies of a part are turned away. */
const closeChord = defineScript<
  [claim: string, parts: string, extra: string, size: string, counted: string],
  [token: string, doneSeconds: number],
  void
>({
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('SET', KEYS[1], 'done', 'EX', ARGV[2])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])`,
  reply: () => {},
});
