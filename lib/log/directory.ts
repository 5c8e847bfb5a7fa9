import type { Limits, Ordinal } from "./log.ts";
import type { SegmentInfo } from "./store.ts";

/** Which segments there are, oldest first. Held in memory, filled from the heads of the segments. */
export class Directory {
  #segments: SegmentInfo[] = [];
  /** Of all segments. */
  bytes = 0;
  #tasks = 0;

  get oldest(): SegmentInfo | undefined {
    return this.#segments[0];
  }

  /** The first ordinal after the last segment, or 0. */
  get end(): Ordinal {
    const last = this.#segments.at(-1);
    return last === undefined ? 0 : last.first + last.count;
  }

  /** Adds newer segments than those that are known. */
  add(segments: readonly SegmentInfo[]): void {
    for (const segment of segments) {
      this.#segments.push(segment);
      this.bytes += segment.size;
      this.#tasks += segment.tasks;
    }
  }

  dropBefore(first: Ordinal): void {
    const kept = this.#segments.findIndex((segment) => segment.first >= first);
    const dropped = this.#segments.splice(0, kept < 0 ? this.#segments.length : kept);
    for (const { size, tasks } of dropped) {
      this.bytes -= size;
      this.#tasks -= tasks;
    }
  }

  clear(): void {
    this.dropBefore(Infinity);
  }

  covering(ordinal: Ordinal): SegmentInfo | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.first ?? Infinity) <= ordinal) low = middle + 1;
      else high = middle;
    }
    const found = this.#segments[low - 1];
    return found !== undefined && ordinal < found.first + found.count ? found : undefined;
  }

  /** The ordinal before which whole segments must go, so that the limits hold. `otherBytes` is what the tail takes. */
  trimmable(limits: Limits, otherBytes: number, now: number): Ordinal | undefined {
    let bytes = this.bytes + otherBytes;
    let tasks = this.#tasks;
    let before: Ordinal | undefined;
    for (const { first, count, size, tasks: ended, lastSeenAt } of this.#segments) {
      if (lastSeenAt >= now - limits.maxAgeMs && bytes <= limits.maxBytes && tasks <= limits.maxTasks) break;
      bytes -= size;
      tasks -= ended;
      before = first + count;
    }
    return before;
  }
}
