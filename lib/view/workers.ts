import type { WorkerEvent } from "../model/event.ts";
import { foldWorker } from "../model/fold-worker.ts";
import type { Worker } from "../model/worker.ts";

interface Entry {
  /** Undefined while only tasks have named it. */
  worker: Worker | undefined;
  succeeded: number;
  failed: number;
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

  apply(event: WorkerEvent): void {
    if (event.type === "worker.gone") {
      this.#entries.delete(event.worker);
      return;
    }
    const entry = this.#entry(event.worker);
    entry.worker = foldWorker(entry.worker, event);
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

  /** How many were dropped because there were too many. */
  get omitted(): number {
    return this.#omitted;
  }

  #entry(name: string): Entry {
    const held = this.#entries.get(name);
    if (held !== undefined) return held;
    if (this.#entries.size >= this.#bound) this.#makeRoom();
    const entry: Entry = { worker: undefined, succeeded: 0, failed: 0 };
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
  return worker.state === "stopped" || worker.state === "lost" ? 1 : 2;
}

function seenAt({ worker }: Entry): number {
  return worker?.lastSeenAt ?? 0;
}
