import type { Redis } from "ioredis";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { type ResultTuple, resultTupleValue } from "../../lib/wire/celery/result-tuple.ts";
import { dict } from "../../lib/wire/python/value.ts";
import { encodeKombuJson } from "../../lib/wire/serialize/json.ts";

/** What whoever sends a chord writes for those that complete it (Celery 5.7). */
export class ChordSizes {
  readonly #redis: () => Redis;
  readonly #keys: CeleryKeys;
  readonly #expiresMs: number;

  constructor(redis: () => Redis, keys: CeleryKeys, expiresMs: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#expiresMs = expiresMs;
  }

  /** How many parts are to come. */
  async expect(groupId: string, size: number): Promise<void> {
    const { chordClaim, chordSize } = this.#keys.result;
    const transaction = this.#redis().multi().del(chordClaim(groupId)).set(chordSize(groupId), size);
    if (this.#expiresMs > 0) transaction.pexpire(chordSize(groupId), this.#expiresMs);
    await transaction.exec();
  }

  /** One more part, which a part adds while it runs. */
  async add(groupId: string): Promise<void> {
    await this.#redis().incrby(this.#keys.result.chordExtra(groupId), 1);
  }

  /** How the results of a header that is nested belong together. */
  async saveHeader(header: ResultTuple): Promise<void> {
    const text = encodeKombuJson(dict([["result", resultTupleValue(header)]]));
    if (!text.ok) throw new TypeError(text.reason);
    const key = this.#keys.result.group(header.id);
    if (this.#expiresMs > 0) await this.#redis().set(key, text.value, "PX", this.#expiresMs);
    else await this.#redis().set(key, text.value);
  }
}
