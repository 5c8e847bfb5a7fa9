import { type Value, dict } from "../../lib/wire/python/value.ts";

/** How many tasks were handed to which place of a pool, as `stats` of a prefork pool tells it (Celery 5.7, `concurrency/asynpool.py`). */
export class WriteCounts {
  readonly #counts = new Map<number, number>();

  add(place: number): void {
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
  }

  /** @param processes how many there are now */
  stats(processes: number): Value {
    const counts = [...this.#counts.values()];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const share = (count: number) => (total === 0 ? 0 : count / total).toFixed(2);
    return dict([
      ["total", total],
      ["avg", share(total / counts.length)],
      ["all", counts.map(share).join(", ")],
      ["raw", counts.join(", ")],
      ["strategy", "fair"],
      [
        "inqueues",
        dict([
          ["total", processes],
          ["active", 0],
        ]),
      ],
    ]);
  }
}
