/** A process that takes tasks, as its events, its answers and its silence tell it. */
export interface Worker {
  name: string;
  state: "online" | "late" | "lost" | "stopped" | "looping" | "silent";
  /** `beat` answers only `ping` and was never heard in events. */
  kind: "worker" | "beat";
  /** Why it is in this state, where the name of the state does not say. */
  reason: string;
  stateAt: number;
  firstSeenAt: number;
  /** Our clock, when anything was last heard of it. */
  lastSeenAt: number;
  /** Its clock minus ours, at the last heartbeat. */
  clockOffsetMs?: number;
  pid?: number;
  /** `py-celery 5.7.0 (Linux)`. */
  software?: string;
  /** Seconds between heartbeats, in ms. */
  heartbeatMs?: number;
  active?: number;
  processed?: number;
  loadavg?: number[];
  pool?: string;
  slots?: number;
  prefetch?: number;
  queues?: string[];
  registered?: string[];
  /** Boots seen: a new pid or `worker-online`. */
  boots: number;
  /** When it booted, by its own clock, if we saw it. */
  startedAt?: number;
  succeeded: number;
  failed: number;
}

/**
 * `details` of a worker event: what is told is set, the rest is left alone. `reason` says why the state is what it is, in
 * `worker.late`, `worker.lost` and the like.
 */
export type WorkerData = Partial<
  Omit<Worker, "name" | "stateAt" | "firstSeenAt" | "lastSeenAt" | "pid" | "boots" | "startedAt" | "succeeded" | "failed">
>;
