/** Stands in a row for any word that came after the bound was reached. */
export const OTHER = "__other__";
export const NO_WORD = 0;
const OTHER_WORD = 1;

/** Word numbers are stored in 16 bits. */
const MOST_WORDS = 65_535;

interface Ranking {
  /** For each number the place of its word among `ordered`; NaN for no word. */
  places: Float64Array;
  ordered: string[];
}

/**
 * Texts that many rows share (names, queues, workers, states …), each kept once under a number and dropped with its last
 * use. There is a bound, because a broker can make up names without end; what comes after it is `OTHER`, and counted.
 */
export class Words {
  readonly #bound: number;
  readonly #texts: (string | undefined)[] = [undefined, OTHER];
  readonly #uses: number[] = [0, 0];
  readonly #numbers = new Map<string, number>([[OTHER, OTHER_WORD]]);
  readonly #free: number[] = [];
  #omitted = 0;
  #ranking: Ranking | undefined;

  constructor(bound: number) {
    this.#bound = Math.min(bound, MOST_WORDS - 1);
  }

  /** The number of a word, with one use more. `undefined` is `NO_WORD`. */
  acquire(text: string | undefined): number {
    if (text === undefined) return NO_WORD;
    let word = this.#numbers.get(text);
    if (word === undefined) {
      if (this.#numbers.size > this.#bound) {
        this.#omitted++;
        word = OTHER_WORD;
      } else {
        word = this.#free.pop() ?? this.#texts.length;
        this.#texts[word] = text;
        this.#uses[word] = 0;
        this.#numbers.set(text, word);
        this.#ranking = undefined;
      }
    }
    this.#uses[word]!++;
    return word;
  }

  /** One use less; with the last one the number becomes free for another word. */
  release(word: number): void {
    if (word === NO_WORD || --this.#uses[word]! > 0 || word === OTHER_WORD) return;
    this.#numbers.delete(this.#texts[word]!);
    this.#texts[word] = undefined;
    this.#free.push(word);
    this.#ranking = undefined;
  }

  text(word: number): string | undefined {
    return this.#texts[word];
  }

  uses(word: number): number {
    return this.#uses[word] ?? 0;
  }

  /** Numbers are below this. */
  get end(): number {
    return this.#texts.length;
  }

  /** For each number whether its word passes a test, as 1 or 0; no word is the empty text. */
  table(passes: (text: string) => boolean): Uint8Array {
    return Uint8Array.from(this.#texts, (text) => (passes(text ?? "") ? 1 : 0));
  }

  /** The words in order. Made anew only after a word came or went. */
  ranking(): Ranking {
    if (this.#ranking !== undefined) return this.#ranking;
    const ordered = [...this.#numbers.keys()].toSorted();
    const places = new Float64Array(this.#texts.length).fill(NaN);
    for (const [place, text] of ordered.entries()) places[this.#numbers.get(text)!] = place;
    return (this.#ranking = { places, ordered });
  }

  /** How often a word was stored as `OTHER`. */
  get omitted(): number {
    return this.#omitted;
  }

  /** All words in use with the number of their uses, in no order. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [text, word] of this.#numbers) {
      const uses = this.uses(word);
      if (uses > 0) counts.set(text, uses);
    }
    return counts;
  }
}
