import { type Value, get } from "../python/value.ts";
import { parseTime, secondsToMs } from "./time.ts";
import { booleanOf, entriesOf, isDict, listOf, numberOf, textOf, textsOf } from "./value-fields.ts";

/**
 * Reads of the payloads that `inspect` commands answer (Celery 5.2 to 5.7). Each returns null when the payload is something
 * else, such as an error; a field of another type than expected is null, and an element that cannot be read is left out.
 */

/** A task that a worker holds or runs, as `active`, `reserved`, `scheduled` and `query_task` describe it. */
export type HeldTask = {
  id: string;
  /** What to show: the shadow name when there is one. */
  name: string | null;
  type: string | null;
  /** The real values, unless asked for with `safe`. */
  args: Value;
  kwargs: Value;
  hostname: string | null;
  /** When the run began, epoch ms. */
  startedAt: number | null;
  /** Whether the message is acknowledged: true for a running task without `acks_late`. */
  acknowledged: boolean;
  exchange: string | null;
  routingKey: string | null;
  priority: number | null;
  redelivered: boolean;
  pid: number | null;
};

export function readPing(payload: Value): boolean {
  return textOf(get(payload, "ok")) === "pong";
}

/** Payload of `active` and `reserved`. */
export function readHeldTasks(payload: Value): HeldTask[] | null {
  return (
    listOf(payload)
      ?.map(readHeldTask)
      .filter((task) => task !== null) ?? null
  );
}

export type ScheduledTask = { etaAt: number | null; priority: number | null; task: HeldTask };

/** Payload of `scheduled`: the ETA tasks that a worker holds. */
export function readScheduled(payload: Value): ScheduledTask[] | null {
  const items = listOf(payload);
  if (items === null) return null;
  return items
    .map((item) => {
      const task = readHeldTask(get(item, "request") ?? null);
      const eta = textOf(get(item, "eta"));
      return task === null ? null : { etaAt: eta === null ? null : parseTime(eta), priority: numberOf(get(item, "priority")), task };
    })
    .filter((item) => item !== null);
}

/** `scheduled` is told from Celery 5.7; before that ETA tasks are not found. */
export type QueriedTask = { state: "active" | "reserved" | "ready" | "scheduled" | (string & {}); task: HeldTask };

/** Payload of `query_task`: ids that the worker does not hold are not in it. */
export function readQueriedTasks(payload: Value): Map<string, QueriedTask> | null {
  if (!isDict(payload) || get(payload, "error") !== undefined) return null;
  const tasks = new Map<string, QueriedTask>();
  for (const [id, found] of entriesOf(payload)) {
    const [state, info] = listOf(found) ?? [];
    const task = readHeldTask(info ?? null);
    if (typeof state === "string" && task !== null) tasks.set(id, { state, task });
  }
  return tasks;
}

function readHeldTask(info: Value): HeldTask | null {
  const id = textOf(get(info, "id"));
  if (id === null) return null;
  const delivery = get(info, "delivery_info");
  return {
    id,
    name: textOf(get(info, "name")),
    type: textOf(get(info, "type")),
    args: get(info, "args") ?? null,
    kwargs: get(info, "kwargs") ?? null,
    hostname: textOf(get(info, "hostname")),
    startedAt: secondsToMs(numberOf(get(info, "time_start"))),
    acknowledged: booleanOf(get(info, "acknowledged")) ?? false,
    exchange: textOf(get(delivery, "exchange")),
    routingKey: textOf(get(delivery, "routing_key")),
    priority: numberOf(get(delivery, "priority")),
    redelivered: booleanOf(get(delivery, "redelivered")) ?? false,
    pid: numberOf(get(info, "worker_pid")),
  };
}

/** A queue that a worker consumes. */
export type ConsumedQueue = {
  name: string;
  exchange: string | null;
  exchangeType: string | null;
  routingKey: string | null;
  /** Kombu 5.7 lets the queue's lists expire after this long without a put. */
  expiresMs: number | null;
  noAck: boolean;
  /** The whole answer for the queue. */
  all: Value;
};

/** Payload of `active_queues`. */
export function readConsumedQueues(payload: Value): ConsumedQueue[] | null {
  const items = listOf(payload);
  if (items === null) return null;
  return items.flatMap((item) => {
    const name = textOf(get(item, "name"));
    if (name === null) return [];
    const exchange = get(item, "exchange");
    const expires = numberOf(get(item, "expires"));
    return {
      name,
      exchange: textOf(get(exchange, "name")),
      exchangeType: textOf(get(exchange, "type")),
      routingKey: textOf(get(item, "routing_key")),
      expiresMs: expires === null ? numberOf(get(get(item, "queue_arguments"), "x-expires")) : expires * 1000,
      noAck: booleanOf(get(item, "no_ack")) ?? false,
      all: item,
    };
  });
}

export type RegisteredTask = {
  name: string;
  /** What stands in brackets behind the name: `rate_limit=100/s`, or what was asked for. */
  info: string | null;
};

/** Payload of `registered`. */
export function readRegistered(payload: Value): RegisteredTask[] | null {
  if (listOf(payload) === null) return null;
  return textsOf(payload).map((line) => {
    const at = line.indexOf(" [");
    return at < 0 || !line.endsWith("]") ? { name: line, info: null } : { name: line.slice(0, at), info: line.slice(at + 2, -1) };
  });
}

/** Ids that a worker would not run, from the payload of `revoked`. */
export function readRevoked(payload: Value): string[] | null {
  return listOf(payload) === null ? null : textsOf(payload);
}

export type HelloReply = { revoked: string[]; clock: number | null };

/** Payload of `hello`. `revoked` is an object up to Celery 5.6 and a list from 5.7; null from the asking node itself. */
export function readHello(payload: Value): HelloReply | null {
  if (!isDict(payload) || get(payload, "error") !== undefined) return null;
  const revoked = get(payload, "revoked");
  const ids = isDict(revoked) ? entriesOf(revoked).map(([id]) => id) : textsOf(revoked);
  return { revoked: ids, clock: numberOf(get(payload, "clock")) };
}

export function readClock(payload: Value): number | null {
  return numberOf(get(payload, "clock"));
}

/** Payload of `conf`: the settings in order. Celery masks what it knows to be secret; older releases leave URLs open. */
export function readConf(payload: Value): [string, Value][] | null {
  return isDict(payload) && get(payload, "error") === undefined ? entriesOf(payload) : null;
}

export type WorkerStats = {
  pid: number | null;
  clock: number | null;
  uptimeMs: number | null;
  prefetchCount: number | null;
  /** Tasks accepted since the start, by name. */
  totals: [string, number][];
  pool: PoolStats;
  broker: BrokerStats;
  autoscaler: { max: number | null; min: number | null; current: number | null } | null;
  /** Null where the platform has none. */
  rusage: { userMs: number | null; systemMs: number | null; maxRssKiB: number | null } | null;
  /** The whole answer. */
  all: Value;
};

export type PoolStats = {
  /** Such as `celery.concurrency.prefork:TaskPool`; told from Celery 5.3. */
  implementation: string | null;
  /** As the worker started; growing and shrinking the pool does not change it. */
  maxConcurrency: number | null;
  pids: number[];
  maxTasksPerChild: number | null;
  softLimitMs: number | null;
  hardLimitMs: number | null;
};

export type BrokerStats = {
  transport: string | null;
  hostname: string | null;
  port: number | null;
  virtualHost: string | null;
};

/** Payload of `stats`. */
export function readStats(payload: Value): WorkerStats | null {
  if (!isDict(payload) || get(payload, "error") !== undefined) return null;
  const autoscaler = get(payload, "autoscaler");
  const rusage = get(payload, "rusage");
  const broker = get(payload, "broker");
  const clock = get(payload, "clock");
  return {
    pid: numberOf(get(payload, "pid")),
    clock: typeof clock === "string" && /^\d{1,15}$/.test(clock) ? Number(clock) : numberOf(clock),
    uptimeMs: secondsToMs(numberOf(get(payload, "uptime"))),
    prefetchCount: numberOf(get(payload, "prefetch_count")),
    totals: entriesOf(get(payload, "total")).map(([name, count]) => [name, numberOf(count) ?? 0]),
    pool: readPool(get(payload, "pool")),
    broker: {
      transport: textOf(get(broker, "transport")),
      hostname: textOf(get(broker, "hostname")),
      port: numberOf(get(broker, "port")),
      virtualHost: textOf(get(broker, "virtual_host")),
    },
    autoscaler: isDict(autoscaler)
      ? {
          max: numberOf(get(autoscaler, "max")),
          min: numberOf(get(autoscaler, "min")),
          current: numberOf(get(autoscaler, "current")),
        }
      : null,
    rusage: isDict(rusage)
      ? {
          userMs: secondsToMs(numberOf(get(rusage, "utime"))),
          systemMs: secondsToMs(numberOf(get(rusage, "stime"))),
          maxRssKiB: numberOf(get(rusage, "maxrss")),
        }
      : null,
    all: payload,
  };
}

/** `timeouts` is `[soft, hard]` in seconds, 0 for none: the other way round than in a message. */
function readPool(pool: Value | undefined): PoolStats {
  const [soft, hard] = (listOf(get(pool, "timeouts")) ?? []).map((seconds) => numberOf(seconds));
  return {
    implementation: textOf(get(pool, "implementation")),
    maxConcurrency: numberOf(get(pool, "max-concurrency")),
    pids: (listOf(get(pool, "processes")) ?? []).map((pid) => numberOf(pid)).filter((pid) => pid !== null),
    maxTasksPerChild: numberOf(get(pool, "max-tasks-per-child")),
    softLimitMs: soft ? soft * 1000 : null,
    hardLimitMs: hard ? hard * 1000 : null,
  };
}
