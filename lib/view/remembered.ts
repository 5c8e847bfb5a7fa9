import type { Event, TaskEvent } from "../model/event.ts";
import { knownOfWorker } from "../model/fold-worker.ts";
import { knownOf } from "../model/known.ts";
import type { TaskTable } from "./task-table.ts";
import type { Workers } from "./workers.ts";

/** What a view knew of a log that is gone, as the events that tell it to the next one: workers, operators' acts, then every task. */
export class Remembered {
  readonly #table: TaskTable;
  readonly #others: readonly ((seenAt: number) => Event)[];
  #rows: readonly number[] | undefined;
  #told = 0;

  constructor(table: TaskTable, workers: Workers, acts: readonly TaskEvent[]) {
    this.#table = table;
    this.#others = [
      ...workers.all().map((worker) => (seenAt: number) => knownOfWorker(worker, seenAt)),
      ...acts.map((act) => (seenAt: number) => ({ ...act, seenAt })),
    ];
  }

  get isTold(): boolean {
    return this.#told >= this.#others.length + this.#table.size;
  }

  /** The next events, at most `limit`, heard at `seenAt`; the same ones until `told` says that they are in the log. None at the end. */
  peek(limit: number, seenAt: number): Event[] {
    const table = this.#table;
    const rows = (this.#rows ??= table.select(() => true));
    const others = this.#others.slice(this.#told, this.#told + limit).map((tell) => tell(seenAt));
    const from = Math.max(0, this.#told - this.#others.length);
    const tasks = rows.slice(from, from + limit - others.length).map((row) => knownOf(table.read(row), seenAt));
    return [...others, ...tasks];
  }

  told(count: number): void {
    this.#told += count;
  }

  /** Nothing is told. */
  rewind(): void {
    this.#told = 0;
  }
}
