import type { Ordinal } from "../log/log.ts";
import type { WorkerEvent } from "../model/event.ts";
import { foldWorker, knownOfWorker } from "../model/fold-worker.ts";
import type { Worker } from "../model/worker.ts";

interface Entry {
  /** Undefined while only tasks have named it. */
  worker: Worker | undefined;
  succeeded: number;
  failed: number;
  /** Events before this ordinal tell nothing of it that later ones do not. */
  first: Ordinal;
  last: Ordinal;
}

/**
 * The workers of one broker by name. There is a bound, because every new pod is a new name: when it is reached, a tenth
 * goes, first those that stopped or were lost, the longest silent first.
 */
export class Workers {
  readonly #bound: number;
  readonly #entries = new Map<string, Entry>();
  #omitted = 0;

  constructor(bound = 5_000) {
    this.#bound = bound;
  }

  /** Events come in the order of their ordinals. */
  apply(event: WorkerEvent, ordinal: Ordinal): void {
    if (event.type === "worker.gone") {
      this.#entries.delete(event.worker);
      return;
    }
    const entry = this.#entry(event.worker);
    if (entry.worker === undefined) entry.first = ordinal;
    if (event.type === "worker.known" && event.clock !== undefined && entry.last <= event.clock) {
      // It knows of every event before it: a replica that has read only the latest ones takes it as it is.
      entry.worker = undefined;
      entry.first = ordinal;
    }
    entry.worker = foldWorker(entry.worker, event);
    entry.last = ordinal;
  }

  /** A task's outcome on this worker came to be known, or with -1 turned out to be another. */
  count(name: string, outcome: "succeeded" | "failed", count: number): void {
    this.#entry(name)[outcome] += count;
  }

  get(name: string): Worker | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined ? undefined : workerOf(entry);
  }

  /** In no order. */
  all(): Worker[] {
    return Array.from(this.#entries.values(), workerOf).filter((worker) => worker !== undefined);
  }

  /**
   * What must be written again before the events before an ordinal may be trimmed: each worker that is there, or has events
   * on both sides, as one `worker.known` heard at `seenAt`. `clock` is the last ordinal that was applied.
   */
  knownBefore(before: Ordinal, clock: Ordinal, seenAt: number): WorkerEvent[] {
    return Array.from(this.#entries.values())
      .filter(({ first, last, worker }) => worker !== undefined && first < before && (last >= before || !isOver(worker)))
      .flatMap(({ worker }) => (worker === undefined ? [] : [{ ...knownOfWorker(worker, seenAt), clock }]));
  }

  /** The log no longer has what was before an ordinal: forgets every worker of which nothing was heard since. */
  trim(before: Ordinal): void {
    for (const [name, { worker, last }] of this.#entries) if (worker !== undefined && last < before) this.#entries.delete(name);
  }

  /** How many were dropped because there were too many. */
  get omitted(): number {
    return this.#omitted;
  }

  #entry(name: string): Entry {
    const held = this.#entries.get(name);
    if (held !== undefined) return held;
    if (this.#entries.size >= this.#bound) this.#makeRoom();
    const entry: Entry = { worker: undefined, succeeded: 0, failed: 0, first: 0, last: 0 };
    this.#entries.set(name, entry);
    return entry;
  }

  #makeRoom(): void {
    const byWorth = [...this.#entries].toSorted(([, left], [, right]) => worth(left) - worth(right) || seenAt(left) - seenAt(right));
    for (const [name, { worker }] of byWorth.slice(0, Math.ceil(this.#bound / 10))) {
      this.#entries.delete(name);
      if (worker !== undefined) this.#omitted++;
    }
  }
}

function workerOf({ worker, succeeded, failed }: Entry): Worker | undefined {
  return worker === undefined ? undefined : { ...worker, succeeded: Math.max(0, succeeded), failed: Math.max(0, failed) };
}

function worth({ worker }: Entry): number {
  if (worker === undefined) return 0;
  return isOver(worker) ? 1 : 2;
}

function isOver({ state }: Worker): boolean {
  return state === "stopped" || state === "lost";
}

function seenAt({ worker }: Entry): number {
  return worker?.lastSeenAt ?? 0;
}
