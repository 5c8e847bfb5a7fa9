export interface DepthPoint {
  at: number;
  depth: number;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const MOST_POINTS = 400;

/** Of each bucket the deepest sample: a line without its peaks would hide what one looks for. */
class Samples {
  readonly #bucketMs: number;
  readonly spanMs: number;
  #points: DepthPoint[] = [];

  constructor(bucketMs: number, spanMs: number) {
    this.#bucketMs = bucketMs;
    this.spanMs = spanMs;
  }

  add(point: DepthPoint): void {
    const last = this.#points.at(-1);
    if (last !== undefined && this.#bucketOf(point) <= this.#bucketOf(last)) {
      if (point.depth >= last.depth) this.#points[this.#points.length - 1] = point;
      return;
    }
    this.#points.push(point);
    // Cutting only now and then keeps each cut from copying everything.
    if (this.#points.length > (this.spanMs / this.#bucketMs) * 1.25)
      this.#points = this.#points.filter(({ at }) => at > point.at - this.spanMs);
  }

  between(from: number, to: number): DepthPoint[] {
    return this.#points.filter(({ at }) => at >= from && at <= to);
  }

  #bucketOf({ at }: DepthPoint): number {
    return Math.floor(at / this.#bucketMs);
  }
}

/** The depth of one queue over a week: each 10 s of the last hour, each minute of the last day, each 10 min before. */
export class DepthHistory {
  readonly #levels = [
    new Samples(10 * SECOND, HOUR),
    new Samples(60 * SECOND, 24 * HOUR),
    new Samples(600 * SECOND, 7 * 24 * HOUR),
  ] as const;
  #lastAt = 0;

  /** Samples older than the last are left out. */
  add(point: DepthPoint): void {
    if (point.at < this.#lastAt) return;
    this.#lastAt = point.at;
    for (const level of this.#levels) level.add(point);
  }

  /** Samples of a span, oldest first, at most 400: the deepest of neighbours where there are more. */
  between(from: number, to: number): DepthPoint[] {
    const [fine, middle, coarse] = this.#levels;
    const age = this.#lastAt - from;
    const points = (age <= fine.spanMs ? fine : age <= middle.spanMs ? middle : coarse).between(from, to);
    const each = Math.ceil(points.length / MOST_POINTS);
    if (each <= 1) return points;
    return Array.from({ length: Math.ceil(points.length / each) }, (_, at) =>
      points.slice(at * each, (at + 1) * each).reduce((deepest, point) => (point.depth > deepest.depth ? point : deepest)),
    );
  }
}
