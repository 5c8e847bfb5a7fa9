import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { AppError } from "../errors.ts";
import type { Sample } from "./log.ts";
import type { Store, StoredSample } from "./store.ts";

/** So many samples are written as what differs from the same first one: 40 bytes each instead of some hundreds. */
const GROUP = 64;
const KEEP_MS = 30 * 24 * 3_600_000;
/** Share of the log's budget; samples live besides it. */
const BUDGET_SHARE = 1 / 16;
const ENTRY_BYTES = 32;
const LARGEST_SAMPLE = 16 * 1024 * 1024;

/** Writes samples, each compressed with an earlier one as its dictionary, and reads them. */
export class Samples {
  readonly #store: Store;
  #base: { id: string; json: Buffer; uses: number; bytes: number } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async append(sample: Sample): Promise<void> {
    const json = Buffer.from(JSON.stringify(sample));
    const base = this.#base !== undefined && this.#base.uses < GROUP ? this.#base : undefined;
    const bytes = zstdCompressSync(json, base === undefined ? {} : { dictionary: base.json });
    // A group's mean, because its first one is much larger than the others.
    const groupBytes = (base?.bytes ?? 0) + bytes.length;
    const uses = (base?.uses ?? 0) + 1;
    const most = Math.floor((this.#store.defaultMaxBytes * BUDGET_SHARE) / (groupBytes / uses + ENTRY_BYTES));
    // Until the store has it: after a failure the next sample stands for itself.
    this.#base = undefined;
    const id = await this.#store.addSample({ at: sample.at, base: base?.id ?? null, bytes }, sample.at - KEEP_MS, Math.max(GROUP, most));
    if (id === null) throw new AppError("fenced", "Another replica leads");
    this.#base = { id: base?.id ?? id, json: base?.json ?? json, uses, bytes: groupBytes };
  }

  /** Those that can be read, oldest first. The first ones after trimming may lack what they differ from. */
  async from(fromAt: number): Promise<Sample[]> {
    const stored = await this.#store.samples(fromAt);
    const bases = new Map<string, Buffer | undefined>();
    const samples: Sample[] = [];
    for (const one of stored) {
      const json = await this.#json(one, bases);
      const sample = json === undefined ? undefined : parseSample(json);
      if (sample !== undefined && sample.at >= fromAt) samples.push(sample);
    }
    return samples;
  }

  async #json({ id, base, bytes }: StoredSample, bases: Map<string, Buffer | undefined>): Promise<Buffer | undefined> {
    if (base === null) {
      const json = decompressed(bytes);
      bases.set(id, json);
      return json;
    }
    if (!bases.has(base)) {
      const stored = await this.#store.sample(base);
      bases.set(base, stored?.base === null ? decompressed(stored.bytes) : undefined);
    }
    const dictionary = bases.get(base);
    return dictionary === undefined ? undefined : decompressed(bytes, dictionary);
  }
}

function decompressed(bytes: Buffer, dictionary?: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: LARGEST_SAMPLE, ...(dictionary === undefined ? {} : { dictionary }) });
  } catch {
    return undefined;
  }
}

function parseSample(json: Buffer): Sample | undefined {
  try {
    const sample: unknown = JSON.parse(json.toString());
    return isSample(sample) ? sample : undefined;
  } catch {
    return undefined;
  }
}

/** Only a leader writes samples, so the rest of one is as it was. */
function isSample(json: unknown): json is Sample {
  return (
    typeof json === "object" &&
    json !== null &&
    "at" in json &&
    typeof json.at === "number" &&
    "queues" in json &&
    Array.isArray(json.queues)
  );
}
