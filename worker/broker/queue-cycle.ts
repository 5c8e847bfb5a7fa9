import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";

/**
 * The order in which a worker asks its queues (Kombu 5.7, `round_robin`): priority before queue, so that an urgent message of any
 * queue comes first; among queues the one that was served goes to the end.
 */
export class QueueCycle {
  readonly #keys: CeleryKeys;
  #queues: readonly string[];

  constructor(keys: CeleryKeys, queues: readonly string[]) {
    this.#keys = keys;
    this.#queues = [...new Set(queues)];
  }

  /** In no promised order. */
  get queues(): readonly string[] {
    return this.#queues;
  }

  /** The lists to pop from, first choice first. */
  lists(): string[] {
    const perQueue = this.#queues.map((queue) => this.#keys.queueLists(queue));
    const steps = perQueue[0]?.length ?? 0;
    return Array.from({ length: steps }, (_, step) => perQueue.flatMap((lists) => lists[step] ?? [])).flat();
  }

  /** A message came from this list. */
  served(list: string): void {
    const queue = this.#keys.parseQueueList(list)?.queue;
    if (queue === undefined || !this.#queues.includes(queue)) return;
    this.#queues = [...this.#queues.filter((other) => other !== queue), queue];
  }
}
