import { hashWords, IdKey } from "./id-key.ts";

const BUCKETS = 1 << 18;
const WAYS = 4;

/**
 * Ids of tasks that were trimmed, as 64-bit hashes: about the last million of them in 8 MB, taken at the first trim. A
 * bucket that is full drops its oldest.
 */
export class ForgottenIds {
  readonly #key = new IdKey();
  readonly #seed = Math.floor(Math.random() * 0x1_0000_0000);
  #hashes: Uint32Array | undefined;

  add(id: string): void {
    const hashes = (this.#hashes ??= new Uint32Array(BUCKETS * WAYS * 2));
    const { bucket, high, low } = this.#place(id);
    hashes.copyWithin(bucket + 2, bucket, bucket + (WAYS - 1) * 2);
    hashes[bucket] = high;
    hashes[bucket + 1] = low;
  }

  has(id: string): boolean {
    const hashes = this.#hashes;
    if (hashes === undefined) return false;
    const { bucket, high, low } = this.#place(id);
    for (let way = 0; way < WAYS; way++) if (hashes[bucket + way * 2] === high && hashes[bucket + way * 2 + 1] === low) return true;
    return false;
  }

  #place(id: string): { bucket: number; high: number; low: number } {
    const key = this.#key;
    key.read(id);
    const high = key.hash(this.#seed);
    // Never 0, which marks an empty place.
    const low = (hashWords(~this.#seed, key.d, key.c, key.b, key.a) | 1) >>> 0;
    return { bucket: ((high ^ (low >>> 1)) & (BUCKETS - 1)) * WAYS * 2, high, low };
  }
}
