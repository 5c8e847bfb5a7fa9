/**
 * Where every decoder stops, so that a value can be walked by recursion and written as JSON whatever was sent.
 * CPython's own decoders give up at about 1,000 levels; no payload of an application comes near either number.
 */
export const MAX_DEPTH = 200;

export const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

/**
 * Bounds what references to shared parts may add. A few bytes of pickle or YAML can name the same list over and over
 * and so describe a tree that fills any memory; what the input spells out itself always fits.
 */
export class Allowance {
  #left: number;

  constructor(inputLength: number) {
    this.#left = 2 * inputLength + 500_000;
  }

  /** Counts a value and the characters that it holds. */
  take(characters = 0): void {
    this.#left -= 1 + characters / 8;
  }

  get spent(): boolean {
    return this.#left < 0;
  }
}

export const TOO_MUCH = "parts repeated too often";
