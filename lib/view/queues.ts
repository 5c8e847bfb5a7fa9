import type { QueueSample, RedisSample, Sample } from "../log/log.ts";
import { DepthHistory, type DepthPoint } from "./depth-history.ts";

interface Queue {
  sample: QueueSample;
  at: number;
  history: DepthHistory;
}

/** What samples tell: the queues, Redis, and what is not acknowledged. Rates come from `Series`. */
export class Queues {
  readonly #bound: number;
  readonly #queues = new Map<string, Queue>();
  #redis: (RedisSample & { sampledAt: number }) | undefined;
  #unacked: { count: number; oldestAt: number | null } | undefined;
  #omitted = 0;

  constructor(bound = 1_000) {
    this.#bound = bound;
  }

  apply(sample: Sample): void {
    this.#omitted = 0;
    for (const queue of sample.queues) {
      const held = this.#queues.get(queue.name) ?? this.#make(queue, sample.at);
      if (held === undefined) {
        this.#omitted++;
        continue;
      }
      if (sample.at >= held.at) Object.assign(held, { sample: queue, at: sample.at });
      held.history.add({ at: sample.at, depth: depthOf(queue) });
    }
    if (sample.redis !== undefined) this.#redis = { ...sample.redis, sampledAt: sample.at };
    this.#unacked = sample.unacked ?? this.#unacked;
  }

  /** The latest sample of each queue, in no order. */
  all(): (QueueSample & { sampledAt: number })[] {
    return Array.from(this.#queues.values(), ({ sample, at }) => ({ ...sample, sampledAt: at }));
  }

  get(name: string): (QueueSample & { sampledAt: number }) | undefined {
    const queue = this.#queues.get(name);
    return queue === undefined ? undefined : { ...queue.sample, sampledAt: queue.at };
  }

  /** Depth over all priorities, oldest first, at most 400 points: of neighbours the deepest. */
  history(name: string, from: number, to: number): DepthPoint[] {
    return this.#queues.get(name)?.history.between(from, to) ?? [];
  }

  get redis(): (RedisSample & { sampledAt: number }) | undefined {
    return this.#redis;
  }

  get unacked(): { count: number; oldestAt: number | null } | undefined {
    return this.#unacked;
  }

  /** How many queues of the latest sample found no room. */
  get omitted(): number {
    return this.#omitted;
  }

  /** When there is no room, the queue that has not been sampled for longest goes, unless it is in this very sample. */
  #make(sample: QueueSample, at: number): Queue | undefined {
    if (this.#queues.size >= this.#bound) {
      const [oldest] = [...this.#queues].toSorted(([, left], [, right]) => left.at - right.at);
      if (oldest === undefined || oldest[1].at >= at) return undefined;
      this.#queues.delete(oldest[0]);
    }
    const queue = { sample, at, history: new DepthHistory() };
    this.#queues.set(sample.name, queue);
    return queue;
  }
}

/** Waiting messages of all priorities. */
export function depthOf(queue: QueueSample): number {
  return queue.byPriority.reduce((sum, { depth }) => sum + depth, 0);
}
