import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { asAppError, connectRedis, disconnect } from "../../redis.ts";
import type { LogKeys } from "../keys.ts";
import type { Log, Ordinal } from "../log.ts";
import { HEAD_BYTES, readHead } from "../segment.ts";
import type { Entry, Outcome, Reader, Reads, SegmentInfo, Store, StoredSample, StoreState } from "../store.ts";
import { drainStream } from "./drain.ts";
import { placeOf, readEntries, type StreamEntry, streamEntries } from "./replies.ts";
import { addBatch, addSample, addSegment, dropLease, dropSegments, readHeads, readState, takeLease } from "./scripts.ts";

/** Largest second part of a stream id: after everything that begins at the first part. */
const LAST = "18446744073709551615";
const WAIT_MS = 1_000;
const BATCHES = 32;

/** The log of one broker in Redis streams. Every error is an `unavailable` that says which server had which problem. */
export class RedisStore implements Store {
  readonly info: Log["store"];
  readonly defaultMaxBytes: number;
  readonly #url: string;
  readonly #redis: Redis;
  readonly #keys: LogKeys;
  readonly #reads: Reads;
  readonly #name: string;
  /** Fences off whoever held the lease before: it differs for each log that is opened. */
  readonly #token = randomUUID();
  readonly #connections = new Set<Redis>();

  /** @param redis a connection that this store closes */
  constructor(options: { redis: Redis; url: string; name: string; keys: LogKeys; defaultMaxBytes: number; note: string | null }) {
    this.info = { kind: "redis", note: options.note };
    this.#redis = options.redis;
    this.#url = options.url;
    this.#name = options.name;
    this.#keys = options.keys;
    this.defaultMaxBytes = options.defaultMaxBytes;
    this.#reads = redisReads(this.#redis, this.#keys);
    this.#connections.add(this.#redis);
  }

  async lead(ttlMs: number): Promise<"taken" | "renewed" | "refused"> {
    return asking(this.#redis, takeLease(this.#redis, [this.#keys.lease], [this.#token, ttlMs]));
  }

  async resign(): Promise<void> {
    await asking(this.#redis, dropLease(this.#redis, [this.#keys.lease], [this.#token]));
  }

  async state(): Promise<StoreState> {
    return this.#reads.state();
  }

  async tail(): ReturnType<Store["tail"]> {
    return this.#reads.tail();
  }

  async segmentAt(ordinal: Ordinal): Promise<Entry | undefined> {
    return this.#reads.segmentAt(ordinal);
  }

  async segmentsFrom(ordinal: Ordinal, limit: number): Promise<Entry[]> {
    return this.#reads.segmentsFrom(ordinal, limit);
  }

  async segmentInfos(from: Ordinal, limit: number): Promise<SegmentInfo[]> {
    return asking(this.#redis, readHeads(this.#redis, [this.#keys.log], [from, limit, HEAD_BYTES]));
  }

  reader(): Reader {
    const redis = this.#connect("follow");
    const { tail } = this.#keys;
    return {
      ...redisReads(redis, this.#keys),
      wait: async (ordinal) => {
        const after = `${Math.max(0, ordinal - 1)}-${LAST}`;
        const reply = redis.callBuffer("XREAD", "COUNT", BATCHES, "BLOCK", WAIT_MS, "STREAMS", tail, after);
        return readEntries(await asking(redis, reply)).map(batchOf);
      },
      close: () => this.#disconnect(redis),
    };
  }

  async addBatch(epoch: string, { first, count, bytes }: Entry): Promise<Outcome> {
    const { tail, log, lease, meta } = this.#keys;
    return asking(this.#redis, addBatch(this.#redis, [tail, log, lease, meta], [this.#token, epoch, first, count, bytes]));
  }

  async addSegment(epoch: string, next: Ordinal, { first, count, bytes }: Entry): Promise<Outcome> {
    const { tail, log, lease, meta } = this.#keys;
    return asking(this.#redis, addSegment(this.#redis, [tail, log, lease, meta], [this.#token, epoch, next, first, count, bytes]));
  }

  async dropSegments(before: Ordinal): Promise<"done" | "fenced"> {
    const outcome = await asking(this.#redis, dropSegments(this.#redis, [this.#keys.log, this.#keys.lease], [this.#token, before]));
    return outcome === "fenced" ? "fenced" : "done";
  }

  async memory(): Promise<{ usedBytes: number; maxBytes: number } | null> {
    return memoryOf(this.#redis);
  }

  async addSample({ at, base, bytes }: Omit<StoredSample, "id"> & { at: number }, oldestAt: number, most: number): Promise<string | null> {
    const { samples, lease } = this.#keys;
    const times = { at: Math.floor(at), oldestAt: Math.max(0, Math.floor(oldestAt)) };
    return asking(this.#redis, addSample(this.#redis, [samples, lease], [this.#token, times.at, base ?? "", bytes, times.oldestAt, most]));
  }

  async samples(fromAt: number): Promise<StoredSample[]> {
    const from = `${Math.max(0, Math.floor(fromAt))}-0`;
    return streamEntries(await asking(this.#redis, this.#redis.callBuffer("XRANGE", this.#keys.samples, from, "+"))).flatMap(sampleOf);
  }

  async sample(id: string): Promise<StoredSample | undefined> {
    const [entry] = streamEntries(await asking(this.#redis, this.#redis.callBuffer("XRANGE", this.#keys.samples, id, id)));
    return entry === undefined ? undefined : sampleOf(entry)[0];
  }

  async *inbox(signal: AbortSignal): AsyncGenerator<string[]> {
    for await (const texts of this.#drain("inbox", "event", signal)) yield texts.map((text) => text.toString());
  }

  async addAct(bytes: Buffer): Promise<void> {
    await asking(this.#redis, this.#redis.xadd(this.#keys.acts, "*", "d", bytes));
  }

  acts(signal: AbortSignal): AsyncGenerator<Buffer[]> {
    return this.#drain("acts", "d", signal);
  }

  async close(): Promise<void> {
    await this.resign().catch(() => undefined);
    for (const redis of this.#connections) disconnect(redis);
  }

  async *#drain(stream: "inbox" | "acts", field: string, signal: AbortSignal): AsyncGenerator<Buffer[]> {
    const redis = this.#connect(stream);
    const close = (): void => this.#disconnect(redis);
    signal.addEventListener("abort", close, { once: true });
    try {
      yield* drainStream(redis, this.#keys[stream], field, signal);
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }

  #connect(purpose: string): Redis {
    const redis = connectRedis(this.#url, { name: `${this.#name}-${purpose}`, blocking: true });
    this.#connections.add(redis);
    return redis;
  }

  #disconnect(redis: Redis): void {
    disconnect(redis);
    this.#connections.delete(redis);
  }
}

/** The errors of the driver and of Redis in our words. */
export async function asking<Reply>(redis: Redis, reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    throw asAppError(redis, error);
  }
}

/** Null when the server has no limit, or does not tell. */
export async function memoryOf(redis: Redis): Promise<{ usedBytes: number; maxBytes: number; policy: string } | null> {
  let info: string;
  try {
    info = await redis.info("memory");
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return null;
    throw asAppError(redis, error);
  }
  const field = (name: string): string => new RegExp(`^${name}:(\\S*)`, "m").exec(info)?.[1] ?? "";
  const maxBytes = Number(field("maxmemory"));
  return maxBytes === 0 ? null : { usedBytes: Number(field("used_memory")), maxBytes, policy: field("maxmemory_policy") };
}

function redisReads(redis: Redis, { tail, log, meta }: LogKeys): Reads {
  const range = async (command: "XRANGE" | "XREVRANGE", ...args: (string | number)[]): Promise<StreamEntry[]> =>
    streamEntries(await asking(redis, redis.callBuffer(command, ...args)));
  return {
    async state() {
      const { lastHeads, ...state } = await asking(redis, readState(redis, [tail, log, meta], [HEAD_BYTES]));
      return { ...state, epoch: state.epoch ?? epochOf(lastHeads) };
    },
    async tail() {
      return (await range("XRANGE", tail, "-", "+")).map(batchOf);
    },
    async segmentAt(ordinal) {
      const [entry] = await range("XREVRANGE", log, `${ordinal}-${LAST}`, "-", "COUNT", 1);
      return entry === undefined ? undefined : segmentOf(entry);
    },
    async segmentsFrom(ordinal, limit) {
      return (await range("XRANGE", log, `${ordinal}-0`, "+", "COUNT", limit)).map(segmentOf);
    },
  };
}

function epochOf(heads: readonly Buffer[]): string | null {
  for (const bytes of heads) {
    const head = readHead(bytes);
    if (head.ok) return head.value.epoch;
  }
  return null;
}

function batchOf({ id, fields }: StreamEntry): { first: Ordinal; count: number; bytes: Buffer | null } {
  return { ...placeOf(id), bytes: fields.get("d") ?? null };
}

/** An entry without bytes is none of ours; it is damaged like any other that cannot be read. */
function segmentOf({ id, fields }: StreamEntry): Entry {
  return { ...placeOf(id), bytes: fields.get("d") ?? Buffer.alloc(0) };
}

function sampleOf({ id, fields }: StreamEntry): StoredSample[] {
  const bytes = fields.get("d");
  const base = fields.get("b")?.toString() ?? "";
  return bytes === undefined ? [] : [{ id, base: base === "" ? null : base, bytes }];
}
