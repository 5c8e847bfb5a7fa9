import { reasonOf } from "../../lib/errors.ts";
import { type Envelope, decodeEnvelope } from "../../lib/wire/celery/envelope.ts";
import { textField } from "../../lib/wire/celery/fields.ts";
import { type TaskRequest, readTaskRequest } from "../../lib/wire/celery/task-request.ts";
import { formatTime } from "../../lib/wire/celery/time.ts";
import { undecodable } from "../../lib/wire/decoded.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Taken } from "../broker/take.ts";
import { HeldTask } from "../consumer/held-task.ts";
import type { Prefetch } from "../consumer/prefetch.ts";
import type { RateLimits } from "../consumer/rate-limits.ts";
import type { WorkerState } from "../consumer/worker-state.ts";
import { at } from "../consumer/timer.ts";
import type { Pulse } from "../events/pulse.ts";
import type { Log } from "../log.ts";
import type { Pool } from "../pool/pool.ts";
import { type ResultStore } from "../results/result-store.ts";
import type { RegisteredTask, TaskRegistry } from "../task/registry.ts";
import type { Finish } from "./finish.ts";
import type { Settlement } from "./settle.ts";

export interface RunnerOptions {
  hostname: string;
  tasks: TaskRegistry;
  state: WorkerState;
  prefetch: Prefetch;
  rateLimits: RateLimits;
  pool: Pool;
  pulse: Pulse;
  finish: Finish;
  settlement: Settlement;
  results: ResultStore;
  /** Of tasks that have none of their own, in seconds. */
  limits: { soft: number | null; hard: number | null };
  tell: (task: HeldTask, type: string, fields: [string, Value][]) => void;
  log: Log;
}

/** The way of a message through a worker, from being taken to being settled. */
export class Runner {
  readonly #options: RunnerOptions;
  /** What goes on for tasks that began or will not begin; a warm shutdown waits for it. */
  readonly #work = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** A message that was just taken, and counts as held. Nothing that is in it can make this throw. */
  receive({ raw, tag }: Taken): void {
    const envelope = decodeEnvelope(raw);
    const request = envelope.ok ? requestOf(envelope.value) : envelope;
    if (!request.ok || tag === null) {
      return this.#refuse(envelope.ok ? envelope.value : null, raw, tag, request.ok ? "it has no delivery tag" : request.reason);
    }
    const { exchange, routingKey, priority } = request.value;
    const task = this.#options.tasks.get(request.value.type);
    const held = new HeldTask(request.value, task ?? unregistered(request.value.type), { tag, raw, exchange, routingKey, priority });
    if (task === undefined) return this.#track(held, this.#unknown(held));
    this.#options.state.add(held);
    this.#options.log({ level: "info", text: "task received", about: { task: request.value.name, id: request.value.id } });
    if (this.#mustNotRun(held)) return this.#track(held, this.#drop(held));
    this.#tellReceived(held);
    this.#await(held);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  /** Gives back what has not begun. */
  async giveBackWaiting(): Promise<void> {
    const waiting = this.#options.state.tasks.filter(({ phase }) => phase !== "active");
    await Promise.all(waiting.map((task) => this.#giveBack(task)));
  }

  async #giveBack(task: HeldTask): Promise<void> {
    this.#forget(task);
    await this.#options.settlement.giveBack(task, "next");
  }

  /** Gives up what runs: what is not acknowledged yet goes back, the rest is marked as to be retried, as Celery does. */
  async abandonActive(): Promise<void> {
    await Promise.all(
      this.#options.state.in("active").map(async (task) => {
        this.#options.tell(task, "task-cancelled", []);
        if (!task.isSettled) return this.#giveBack(task);
        this.#forget(task);
        const { id: taskId, groupId, parentId } = task.request;
        const result = dict([
          ["exc_type", "Retry"],
          ["exc_message", ["Retry(Retry(...), None, None)", null, null]], // how Python shows an exception that is its own argument
          ["exc_module", "celery.exceptions"],
        ]);
        if (task.storesErrors)
          await this.#options.results.store({ taskId, status: "RETRY", result, groupId, parentId, request: task.request });
      }),
    );
  }

  /** Ends a task that this worker holds: at once when it runs, else as soon as it begins. */
  terminate(task: HeldTask, signal: number): void {
    if (task.phase !== "active" || !this.#options.pool.terminate(task.request.id, signal)) task.terminateWith = signal;
  }

  /** Tries again those that waited for a rate limit that is another now. */
  rateLimitChanged(name: string): void {
    this.#options.rateLimits.reset(name);
    for (const task of this.#options.state.in("limited")) if (task.task.name === name) this.#limit(task);
  }

  #await(held: HeldTask): void {
    const { etaAt } = held.request;
    if (etaAt === null) return this.#limit(held);
    held.phase = "scheduled";
    this.#options.prefetch.suspend();
    held.timer = at(
      etaAt,
      (timer) => (held.timer = timer),
      () => {
        this.#options.prefetch.resume();
        this.#limit(held);
      },
    );
  }

  #limit(held: HeldTask): void {
    clearTimeout(held.timer ?? undefined);
    held.timer = null;
    if (held.isDropped) return;
    const waitMs = this.#options.rateLimits.take(held.task);
    if (waitMs === 0) return this.#track(held, this.#run(held));
    held.phase = "limited";
    held.timer = setTimeout(() => this.#limit(held), waitMs);
  }

  async #run(held: HeldTask): Promise<void> {
    held.phase = "reserved";
    const { pool, pulse, finish, limits } = this.#options;
    const { request, task } = held;
    const outcome = await pool.run({
      request,
      softLimitMs: request.softLimitMs ?? seconds(task.softTimeLimit ?? limits.soft),
      hardLimitMs: request.hardLimitMs ?? seconds(task.timeLimit ?? limits.hard),
      accepted: (pid) => this.#accepted(held, pid),
    });
    if (outcome === null) return;
    const began = held.startedAt !== null;
    try {
      if (!held.isDropped) await finish.ended(held, outcome);
    } finally {
      this.#forget(held);
      if (began) pulse.ended();
    }
  }

  /** A slot is free. What is acknowledged early is so before it begins, so that it never runs twice. */
  async #accepted(held: HeldTask, pid: number): Promise<boolean> {
    try {
      if (held.isDropped) return false;
      if (this.#mustNotRun(held)) {
        await this.#drop(held);
        return false;
      }
      if (!held.task.options.acksLate && !(await this.#options.settlement.acknowledge(held))) {
        this.#forget(held);
        return false;
      }
      await this.#begin(held, pid);
      return true;
    } catch (error) {
      this.#options.log({ level: "error", text: "a task could not begin", about: { id: held.request.id, reason: reasonOf(error) } });
      this.#forget(held);
      return false;
    }
  }

  async #begin(held: HeldTask, pid: number): Promise<void> {
    const { state, pulse, results, hostname, pool } = this.#options;
    held.phase = "active";
    held.pid = pid;
    held.startedAt = Date.now();
    state.began(held.request.name);
    pulse.began();
    this.#options.tell(held, "task-started", []);
    if (held.terminateWith !== null) pool.terminate(held.request.id, held.terminateWith);
    if (!held.task.options.trackStarted || held.ignoresResult) return;
    const result = dict([
      ["pid", pid],
      ["hostname", hostname],
    ]);
    const { id: taskId, groupId, parentId } = held.request;
    await results.store({ taskId, status: "STARTED", result, groupId, parentId, request: held.request });
  }

  #mustNotRun({ request }: HeldTask): boolean {
    return isExpired(request) || this.#options.state.isRevoked(request);
  }

  async #drop(held: HeldTask): Promise<void> {
    const expired = isExpired(held.request);
    if (expired) this.#options.state.revoked.add(held.request.id);
    this.#forget(held);
    await this.#options.finish.revoked(held, expired ? "expired" : "revoked");
  }

  async #unknown(held: HeldTask): Promise<void> {
    this.#options.log({
      level: "error",
      text: "received a task that nobody has defined here",
      about: { task: held.request.type, id: held.request.id },
    });
    await this.#options.finish.unknown(held);
  }

  /** A message that is no task, or that we may not read: it is logged and gone, and whoever waits for it is told. */
  #refuse(envelope: Envelope | null, raw: string, tag: string | null, reason: string): void {
    this.#options.log({ level: "error", text: "a message cannot be read", about: { reason, message: raw.slice(0, 10_000) } });
    this.#options.prefetch.release();
    if (tag !== null) this.#options.settlement.discard(tag);
    const id = textField(envelope?.headers?.["id"]);
    if (id === null || envelope?.headers?.["ignore_result"] === true) return;
    const [type, message] = envelope?.contentType === PICKLE ? ["ContentDisallowed", NO_PICKLE] : ["DecodeError", reason];
    const result = dict([
      ["exc_type", type],
      ["exc_message", [message]],
      ["exc_module", "kombu.exceptions"],
    ]);
    this.#background(this.#options.results.store({ taskId: id, status: "FAILURE", result }));
  }

  #tellReceived(held: HeldTask): void {
    const { name, argsRepr, kwargsRepr, rootId, parentId, retries, etaText, expiresAt } = held.request;
    this.#options.tell(held, "task-received", [
      ["name", name],
      ["args", argsRepr],
      ["kwargs", kwargsRepr],
      ["root_id", rootId],
      ["parent_id", parentId],
      ["retries", retries],
      ["eta", etaText],
      ["expires", expiresAt === null ? null : formatTime(expiresAt)],
    ]);
  }

  #forget(held: HeldTask): void {
    if (held.phase === "scheduled" && !held.isDropped) this.#options.prefetch.resume();
    clearTimeout(held.timer ?? undefined);
    held.isDropped = true;
    this.#options.state.delete(held);
  }

  #track(held: HeldTask, work: Promise<void>): void {
    this.#background(work.finally(() => this.#options.state.delete(held)));
  }

  #background(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) =>
        this.#options.log({ level: "error", text: "a task was not brought to its end", about: { reason: reasonOf(error) } }),
      )
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}

const PICKLE = "application/x-python-serialize";
const NO_PICKLE = `Refusing to deserialize content of type pickle (${PICKLE})`;

/** A pickle could be read, but who sends one expects what a worker must not do. */
function requestOf(envelope: Envelope): ReturnType<typeof readTaskRequest> {
  return envelope.contentType === PICKLE ? undecodable(NO_PICKLE) : readTaskRequest(envelope);
}

function isExpired(request: TaskRequest): boolean {
  return request.expiresAt !== null && Date.now() > request.expiresAt;
}

function seconds(limit: number | null): number | null {
  return limit === null ? null : limit * 1000;
}

/** Stands for the task of a message that names one which nobody has defined. */
function unregistered(name: string): RegisteredTask {
  return { name, options: {}, rateLimit: null, timeLimit: null, softTimeLimit: null, run: () => Promise.reject(new TypeError(name)) };
}
