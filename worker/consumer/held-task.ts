import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { formatTime } from "../../lib/wire/celery/time.ts";
import { saferepr } from "../../lib/wire/python/saferepr.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Held } from "../broker/channel.ts";
import type { RegisteredTask } from "../task/registry.ts";

/** Where a task that this worker holds stands: waiting for its time, for its rate limit, for a slot, or running. */
export type Phase = "scheduled" | "limited" | "reserved" | "active";

/** A task whose message this worker has taken. */
export class HeldTask {
  readonly request: TaskRequest;
  readonly task: RegisteredTask;
  readonly held: Held;
  phase: Phase = "reserved";
  /** Whether its message is settled: acknowledged, or back in its queue. */
  isSettled = false;
  /** Whether it is over for this worker before it began: revoked, expired, or given back. */
  isDropped = false;
  /** When it began, epoch ms, and the process that runs it. */
  startedAt: number | null = null;
  pid: number | null = null;
  /** Number of the signal that shall end it as soon as it begins. */
  terminateWith: number | null = null;
  timer: NodeJS.Timeout | null = null;

  constructor(request: TaskRequest, task: RegisteredTask, held: Held) {
    this.request = request;
    this.task = task;
    this.held = held;
  }

  get ignoresResult(): boolean {
    return this.request.ignoreResult ?? this.task.options.ignoreResult ?? false;
  }

  get storesErrors(): boolean {
    return !this.ignoresResult || (this.task.options.storeErrorsEvenIfIgnored ?? false);
  }

  /** As `active`, `reserved` and `scheduled` show it (Celery 5.7, `Request.info`). */
  info(hostname: string, safe = false): Value {
    const { id, name, type, args, kwargs, argsRepr, kwargsRepr, exchange, routingKey, priority, redelivered } = this.request;
    return dict([
      ["id", id],
      ["name", name],
      ["args", safe ? (argsRepr ?? saferepr({ $: "tuple", items: args })) : args],
      ["kwargs", safe ? (kwargsRepr ?? saferepr(dict(kwargs))) : dict(kwargs)],
      ["type", type],
      ["hostname", hostname],
      ["time_start", this.startedAt === null ? null : this.startedAt / 1000],
      ["acknowledged", this.isSettled],
      [
        "delivery_info",
        dict([
          ["exchange", exchange],
          ["routing_key", routingKey],
          ["priority", priority],
          ["redelivered", redelivered],
        ]),
      ],
      ["worker_pid", this.pid],
    ]);
  }

  get eta(): string | null {
    return this.request.etaAt === null ? null : formatTime(this.request.etaAt);
  }
}
