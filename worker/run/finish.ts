import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { formatTime } from "../../lib/wire/celery/time.ts";
import { formatValue } from "../../lib/wire/python/repr.ts";
import { saferepr } from "../../lib/wire/python/saferepr.ts";
import { floatValue } from "../../lib/wire/python/number.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { HeldTask } from "../consumer/held-task.ts";
import type { Log } from "../log.ts";
import { persevere } from "../persevere.ts";
import type { Publisher } from "../producer/publisher.ts";
import { type ResultStore, exceptionResult } from "../results/result-store.ts";
import type { Outcome, RaisedException, RetryWish } from "../task/outcome.ts";
import { tracebackBetween, workerException } from "../task/raised.ts";
import type { FollowUp } from "./follow-up.ts";
import type { Settlement } from "./settle.ts";

export interface FinishOptions {
  results: ResultStore;
  followUp: FollowUp;
  settlement: Settlement;
  publisher: Publisher;
  tell: (task: HeldTask, type: string, fields: [string, Value][]) => void;
  log: Log;
}

const LONGEST_NAME = 10_000;

type Of<Kind extends Outcome["kind"]> = Extract<Outcome, { kind: Kind }>;

/** What a worker does when a task has ended: what follows it, its result, its message, its event, in Celery's order (5.7). */
export class Finish {
  readonly #options: FinishOptions;

  constructor(options: FinishOptions) {
    this.#options = options;
  }

  async ended(task: HeldTask, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case "returned":
        return this.#succeeded(task, outcome);
      case "raised":
        return this.#raised(task, outcome);
      case "retry":
        return this.#retried(task, outcome);
      case "ignored":
        await this.#options.settlement.acknowledge(task);
        return;
      case "rejected":
        return this.#rejected(task, outcome);
      case "timed-out":
        return this.#timedOut(task, outcome);
      case "terminated":
        return this.revoked(task, "terminated", outcome.signal);
      case "lost":
        return this.#lost(task, outcome);
    }
  }

  /** It will not run, or not to its end. */
  async revoked(task: HeldTask, reason: "revoked" | "expired" | "terminated", signal: number | null = null): Promise<void> {
    this.#options.log({ level: "info", text: "task revoked", about: { task: task.request.name, id: task.request.id, reason } });
    this.#options.tell(task, "task-revoked", [
      ["terminated", reason === "terminated"],
      ["signum", signal],
      ["expired", reason === "expired"],
    ]);
    const result = exceptionResult({ type: "TaskRevokedError", module: "celery.exceptions", args: [reason] });
    if (task.storesErrors) await this.#store(task, "REVOKED", result);
    await this.#options.followUp.part(task.request, "REVOKED", result, false);
    await this.#options.settlement.acknowledge(task);
  }

  /** A message that names a task which nobody has defined here. */
  async unknown(task: HeldTask): Promise<void> {
    const { type } = task.request;
    await this.#fail(task, workerException("NotRegistered", "celery.exceptions", [type]), [], { isKnown: false });
    await this.#options.settlement.acknowledge(task);
    this.#options.tell(task, "task-failed", [["exception", `NotRegistered(${formatValue(type, LONGEST_NAME)})`]]);
  }

  async #succeeded(task: HeldTask, { result, children, runtimeMs }: Of<"returned">): Promise<void> {
    const sent = await this.#options.followUp.succeeded(task.request, result);
    if (!task.ignoresResult) await this.#store(task, "SUCCESS", result, [...children, ...sent]);
    await this.#options.followUp.part(task.request, "SUCCESS", result);
    if (task.task.options.acksLate) await this.#options.settlement.acknowledge(task);
    this.#options.log({ level: "info", text: "task succeeded", about: { task: task.request.name, id: task.request.id, runtimeMs } });
    this.#options.tell(task, "task-succeeded", [
      ["result", saferepr(result)],
      ["runtime", floatValue(runtimeMs / 1000)],
    ]);
  }

  async #raised(task: HeldTask, { exception, children, expected }: Of<"raised">): Promise<void> {
    await this.#fail(task, exception, children, { expected });
    const { acksLate = false, acksOnFailure = true } = task.task.options;
    if (acksLate && !acksOnFailure) await this.#options.settlement.giveBack(task, "last");
    else await this.#options.settlement.acknowledge(task);
    this.#tellFailure(task, exception);
  }

  async #fail(
    task: HeldTask,
    exception: RaisedException,
    children: Of<"raised">["children"],
    how: { expected?: boolean; isKnown?: boolean; hasRun?: boolean } = {},
  ): Promise<void> {
    const { expected = false, isKnown = true, hasRun = true } = how;
    const { id, name } = task.request;
    const about = { task: name, id, exception: exception.repr, ...(expected ? {} : { traceback: exception.traceback }) };
    this.#options.log({ level: expected ? "info" : "error", text: "task failed", about });
    const result = exceptionResult(exception);
    // Of a task that it does not know, Celery's worker does not tell where it belongs.
    const { request } = task;
    if (!isKnown && task.storesErrors) await this.#options.results.store({ taskId: id, status: "FAILURE", result, request });
    else if (task.storesErrors) await this.#store(task, "FAILURE", result, children, exception.traceback);
    await this.#options.followUp.part(task.request, "FAILURE", result, hasRun);
    await this.#options.followUp.failed(task.request, exception, task.storesErrors);
  }

  async #retried(task: HeldTask, { wish, cause, traceback, children }: Of<"retry">): Promise<void> {
    const { publisher, settlement, log } = this.#options;
    await persevere(() => publisher.send(againCall(task.request, wish)), log);
    const again = { id: task.request.id, parent: null, members: null };
    const result = cause === null ? null : exceptionResult(cause);
    if (task.storesErrors) await this.#store(task, "RETRY", result, [...children, again], traceback);
    if (task.task.options.acksLate) await settlement.acknowledge(task);
    this.#options.tell(task, "task-retried", [
      ["exception", cause === null ? "None" : cause.repr],
      ["traceback", traceback ?? ""],
    ]);
  }

  async #rejected(task: HeldTask, { requeue, exception }: Of<"rejected">): Promise<void> {
    if (!requeue) {
      const result = exceptionResult(exception);
      if (task.storesErrors) await this.#store(task, "FAILURE", result);
      await this.#options.followUp.part(task.request, "FAILURE", result);
      await this.#options.followUp.failed(task.request, exception, task.storesErrors);
      this.#tellFailure(task, exception);
    }
    if (task.isSettled) return;
    if (requeue) await this.#options.settlement.giveBack(task, "last");
    else await this.#options.settlement.acknowledge(task);
    this.#options.tell(task, "task-rejected", [["requeue", requeue]]);
  }

  async #timedOut(task: HeldTask, { limitMs }: Of<"timed-out">): Promise<void> {
    const exception = workerException("TimeLimitExceeded", "billiard.exceptions", [limitMs / 1000]);
    await this.#fail(task, exception, [], { hasRun: false });
    const { acksLate = false, acksOnTimeout = true } = task.task.options;
    if (acksLate && !acksOnTimeout) await this.#options.settlement.giveBack(task, "last");
    else await this.#options.settlement.acknowledge(task);
    this.#tellFailure(task, exception);
  }

  async #lost(task: HeldTask, { reason }: Of<"lost">): Promise<void> {
    const { acksLate = false, rejectOnWorkerLost = false } = task.task.options;
    if (acksLate && rejectOnWorkerLost && !task.isSettled) {
      await this.#options.settlement.giveBack(task, "last");
      this.#options.tell(task, "task-rejected", [["requeue", true]]);
      return;
    }
    const exception = workerException("WorkerLostError", "billiard.exceptions", [reason]);
    await this.#fail(task, exception, [], { hasRun: false });
    await this.#options.settlement.acknowledge(task);
    this.#tellFailure(task, exception);
  }

  #tellFailure(task: HeldTask, { repr, type, module, args, traceback }: RaisedException): void {
    // Without a traceback Celery's own ends in the exception, and monitors read it there.
    const text = traceback ?? tracebackBetween(null, { type, module, args });
    this.#options.tell(task, "task-failed", [
      ["exception", repr],
      ["traceback", text],
    ]);
  }

  async #store(
    { request }: HeldTask,
    status: string,
    result: Value,
    children: Of<"raised">["children"] = [],
    traceback: string | null = null,
  ): Promise<void> {
    const { id: taskId, groupId, parentId } = request;
    await this.#options.results.store({ taskId, status, result, traceback, children, groupId, parentId, request });
  }
}

/** The same call once more, as the task publishes it itself in Celery: same id, one retry more, all that follows unchanged. */
function againCall(request: TaskRequest, wish: RetryWish): Parameters<Publisher["send"]>[0] {
  const seconds = (ms: number | null | undefined) => (ms == null ? null : ms / 1000);
  const options: [string, Value][] = [
    ["task_id", request.id],
    ["retries", request.retries + 1],
    ["eta", wish.etaAt === null ? null : formatTime(wish.etaAt)],
    ["expires", request.expiresAt === null ? null : formatTime(request.expiresAt)],
    ["link", request.callbacks],
    ["link_error", request.errbacks],
    ["chain", request.chain.length === 0 ? null : request.chain],
    ["chord", request.chord],
    ["group_id", request.groupId],
    ["group_index", request.groupIndex],
    ["root_id", request.rootId ?? request.id],
    ["parent_id", request.id],
    ["origin", request.origin],
    ["shadow", request.shadow],
    ["reply_to", request.replyTo],
    ["priority", wish.priority ?? request.priority],
    ["time_limit", seconds(wish.hardLimitMs ?? request.hardLimitMs)],
    ["soft_time_limit", seconds(wish.softLimitMs ?? request.softLimitMs)],
    ["ignore_result", request.ignoreResult],
    ["replaced_task_nesting", request.replacedTaskNesting],
    ["headers", dict(request.headers)],
    ["stamped_headers", request.stamps.length === 0 ? null : request.stamps.map(([name]) => name)],
    ...request.stamps,
    ...placeOf(request, wish.queue),
  ];
  return { name: request.type, args: wish.args ?? request.args, kwargs: wish.kwargs ?? request.kwargs, options: new Map(options) };
}

function placeOf({ exchange, routingKey }: TaskRequest, queue: string | undefined): [string, Value][] {
  if (queue !== undefined) return [["queue", queue]];
  if (exchange === "") return [["queue", routingKey]];
  return [
    ["queue", null],
    ["exchange", exchange],
    ["routing_key", routingKey],
  ];
}
