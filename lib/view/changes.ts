import type { Ordinal } from "../log/log.ts";

/** A hint that something changed, never the thing itself. */
export interface Change {
  ordinal: Ordinal;
  /** Ids of changed tasks; null when there are more than 100. */
  tasks: string[] | null;
  queues: boolean;
  workers: boolean;
}

const MOST_IDS = 100;

/** Collects what changed and tells it once a turn of the event loop, so that a replay does not drown its listeners. */
export class Changes {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #tasks = new Set<string>();
  #many = false;
  #queues = false;
  #workers = false;
  #ordinal: Ordinal = 0;
  #scheduled = false;

  /** Answers how to end it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  task(id: string, ordinal: Ordinal): void {
    if (this.#listeners.size === 0) return;
    this.#ordinal = ordinal;
    if (!this.#many) this.#tasks.add(id);
    if (this.#tasks.size > MOST_IDS) this.manyTasks();
    this.#schedule();
  }

  manyTasks(): void {
    this.#many = true;
    this.#tasks.clear();
    this.#schedule();
  }

  queues(): void {
    this.#queues = true;
    this.#schedule();
  }

  workers(ordinal: Ordinal): void {
    this.#ordinal = ordinal;
    this.#workers = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    const change = { ordinal: this.#ordinal, tasks: this.#many ? null : [...this.#tasks], queues: this.#queues, workers: this.#workers };
    this.#scheduled = false;
    this.#many = this.#queues = this.#workers = false;
    this.#tasks.clear();
    for (const listener of this.#listeners) listener(change);
  }
}
