import type { Consumer } from "../consumer/consumer.ts";
import type { Prefetch } from "../consumer/prefetch.ts";
import type { WorkerState } from "../consumer/worker-state.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { EventDispatcher } from "../events/dispatcher.ts";
import type { LamportClock } from "../events/lamport-clock.ts";
import type { Log } from "../log.ts";
import type { Pool } from "../pool/pool.ts";
import type { ResultStore } from "../results/result-store.ts";
import type { Autoscaler } from "../run/autoscaler.ts";
import type { Runner } from "../run/runner.ts";
import type { Settings } from "../settings.ts";
import type { TaskRegistry } from "../task/registry.ts";
import type { Arguments } from "./arguments.ts";
import type { Gossip } from "./gossip.ts";

/** A worker as remote control sees it. */
export interface Node {
  readonly hostname: string;
  readonly settings: Settings;
  readonly tasks: TaskRegistry;
  readonly state: WorkerState;
  readonly pool: Pool;
  readonly consumer: Consumer;
  readonly prefetch: Prefetch;
  readonly prefetchMultiplier: number;
  readonly dispatcher: EventDispatcher;
  readonly clock: LamportClock;
  readonly runner: Runner;
  readonly results: ResultStore;
  readonly autoscaler: Autoscaler | null;
  readonly gossip: Gossip | null;
  /** Whether `pool_restart` is allowed. */
  readonly poolRestarts: boolean;
  readonly log: Log;
  /** Begins a warm shutdown. */
  shutdown(): void;
}

/** What a command answers: undefined for nothing at all. What it throws is answered as an error. */
export type Command = (node: Node, args: Arguments) => Value | undefined | Promise<Value | undefined>;

export type Commands = Readonly<Record<string, Command>>;
