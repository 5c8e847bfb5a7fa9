/** Each bin reaches a tenth further than the one before: its middle is never more than 5 % off. */
const GROWTH = 1.1;
/** The first bin ends here, ms; the last one begins at 37 days. */
const FIRST_END_MS = 0.1;
export const BINS = 256;

const LOG_GROWTH = Math.log(GROWTH);

/** The bin of a duration in ms. */
export function binOf(ms: number): number {
  if (!(ms > FIRST_END_MS)) return 0;
  return Math.min(BINS - 1, Math.ceil(Math.log(ms / FIRST_END_MS) / LOG_GROWTH));
}

/** The duration that stands for a bin, ms: 0 for the first, else its geometric middle. */
function middleOf(bin: number): number {
  return bin === 0 ? 0 : FIRST_END_MS * GROWTH ** (bin - 0.5);
}

/**
 * How often durations of each size occurred. The bins are the same for ever, so that histograms of any times and keys can
 * be added. A percentile is at most 5 % (below 0.1 ms: 0.1 ms) off the duration that it stands for.
 */
export class Histogram {
  readonly #counts = new Float64Array(BINS);
  #total = 0;

  add(bin: number, count: number): void {
    this.#counts[bin]! += count;
    this.#total += count;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  get total(): number {
    return this.#total;
  }

  /** The smallest duration that `share` (0 to 1) of all do not exceed, ms; null when there are none. */
  percentile(share: number): number | null {
    if (this.#total <= 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let bin = 0; bin < BINS; bin++) {
      seen += this.#counts[bin]!;
      if (seen >= rank) return middleOf(bin);
    }
    return middleOf(BINS - 1);
  }
}
