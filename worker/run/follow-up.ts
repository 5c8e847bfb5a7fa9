import { randomUUID } from "node:crypto";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { textOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value, get } from "../../lib/wire/python/value.ts";
import type { Log } from "../log.ts";
import { persevere } from "../persevere.ts";
import { type Sent, type SendContext, sendSignature } from "../producer/send-signature.ts";
import { type Signature, groupSignature, readSignature, signaturesIn } from "../producer/signature.ts";
import type { ChordEnd, ChordParts } from "../results/chord-parts.ts";
import { type ResultStore, exceptionResult } from "../results/result-store.ts";
import type { RaisedException } from "../task/outcome.ts";
import { tracebackBetween, workerException } from "../task/raised.ts";

export interface FollowUpOptions {
  send: SendContext;
  results: ResultStore;
  chords: ChordParts;
  /** Tells the whole fleet that these must not run. */
  revoke: (taskIds: string[]) => Promise<void>;
  log: Log;
}

/** A task whose end is told to others: one that ran here, or one that never will. */
export interface Ended {
  id: string;
  groupId: string | null;
  groupIndex: number | null;
  chord: Value | null;
  rootId?: string | null;
}

/** What follows a task's end: its callbacks, the chain's next step, its chord, and those that are told of a failure. */
export class FollowUp {
  readonly #options: FollowUpOptions;

  constructor(options: FollowUpOptions) {
    this.#options = options;
  }

  /** Sends what follows a success; answers what was sent. Several plain callbacks go out as one group, as in Celery. */
  async succeeded(request: TaskRequest, result: Value): Promise<ResultTuple[]> {
    const extra = { parent_id: request.id, root_id: request.rootId ?? request.id };
    const sent: ResultTuple[] = [];
    const callbacks = request.callbacks.map((callback) => readSignature(callback)).filter((callback) => callback !== null);
    const groups = callbacks.filter(({ kind }) => kind === "group");
    const others = callbacks.filter(({ kind }) => kind !== "group");
    const [only] = callbacks;
    const toSend =
      callbacks.length === 1 && only !== undefined ? [only] : [...groups, ...(others.length > 0 ? [groupSignature(others)] : [])];
    for (const callback of toSend) sent.push((await this.#send(callback, [result], extra)).trail);
    const next = readSignature(request.chain.at(-1));
    if (next !== null) {
      sent.push((await this.#send(next, [result], { ...extra, chain: request.chain.slice(0, -1) })).trail);
    }
    return sent;
  }

  /**
   * Counts a part of a chord, and ends the chord with its last one.
   *
   * @param hasRun whether its task came to its end; else nobody knows what it had sent
   */
  async part(task: Ended, state: string, result: Value, hasRun = true): Promise<void> {
    const chord = readSignature(task.chord ?? undefined);
    if (chord === null || task.groupId === null) return;
    const part = { taskId: task.id, groupId: task.groupId, groupIndex: task.groupIndex, state, result };
    await this.#options.chords.report(part, (end) => this.#endChord(chord, end, task, hasRun));
  }

  /** After a failure: what was to follow in the chain has failed too, and the errbacks are sent. */
  async failed(request: TaskRequest, exception: RaisedException, storesErrors: boolean): Promise<void> {
    await this.#failChain(request.chain, exception, storesErrors);
    await this.#sendErrbacks(request.errbacks, request.id, request.rootId ?? request.id);
  }

  async #send(signature: Signature, args: readonly Value[], extra: Parameters<typeof sendSignature>[3]): Promise<Sent> {
    return persevere(() => sendSignature(this.#options.send, signature, args, extra), this.#options.log);
  }

  /** The rest of a chain, last step first, with the bodies of the chords in it. */
  async #failChain(chain: readonly Value[], exception: RaisedException, storesErrors: boolean): Promise<void> {
    const pending = [...chain];
    for (let step = pending.shift(); step !== undefined; step = pending.shift()) {
      const signature = readSignature(step);
      if (signature === null) continue;
      if (signature.kind === "chord") {
        const body = signature.body === null ? undefined : asValue(step, "body");
        if (body !== undefined) pending.push(body);
      }
      const id = textOf(signature.options.get("task_id"));
      if (id === null) continue;
      const groupId = textOf(signature.options.get("group_id"));
      const index = signature.options.get("group_index");
      const chord = signature.options.get("chord") ?? null;
      const hasFailed = chord !== null && /^(?:FAILURE|REVOKED)$/.test((await this.#options.results.read(id))?.status ?? "");
      const result = exceptionResult(exception);
      if (storesErrors) {
        await this.#options.results.store({ taskId: id, status: "FAILURE", result, traceback: exception.traceback, groupId });
      }
      if (!hasFailed) await this.part({ id, groupId, groupIndex: typeof index === "number" ? index : null, chord }, "FAILURE", result);
    }
  }

  /** All together as one group. A worker in another language cannot call a function of Python, so every errback is sent. */
  async #sendErrbacks(errbacks: readonly Value[], failedId: string, rootId: string): Promise<ResultTuple[]> {
    const signatures = errbacks.map((errback) => readSignature(errback)).filter((errback) => errback !== null);
    if (signatures.length === 0) return [];
    return [(await this.#send(groupSignature(signatures), [failedId], { parent_id: failedId, root_id: rootId })).trail];
  }

  /** The part that came last sends the body, which becomes its child. */
  async #endChord(body: Signature, end: ChordEnd, part: Ended, hasRun: boolean): Promise<void> {
    if (!end.ok) return this.#failChord(body, end, hasRun);
    const rootId = textOf(body.options.get("root_id")) ?? part.rootId ?? part.id;
    await this.#send(body, [end.results], { parent_id: textOf(body.options.get("parent_id")) ?? part.id, root_id: rootId });
  }

  async #failChord(body: Signature, end: Extract<ChordEnd, { ok: false }>, hasRun: boolean): Promise<void> {
    const error = workerException("ChordError", "celery.exceptions", [end.message]);
    if (body.kind === "group") return this.#failGroup(body, end, error);
    const id = textOf(body.options.get("task_id")) ?? textOf(body.tasks.at(-1)?.options.get("task_id")) ?? randomUUID();
    const rootId = textOf(body.options.get("root_id")) ?? id;
    const sent = await this.#sendErrbacks(signaturesIn(body.options.get("link_error")), id, rootId);
    const children = sent.length === 0 && !hasRun ? null : sent;
    const result = exceptionResult(error);
    const cause = end.cause === null ? null : { ...end.cause, module: end.cause.module ?? "builtins" };
    const traceback = tracebackBetween(cause, error);
    await this.#options.results.store({ taskId: id, status: "FAILURE", result, traceback, children });
    await this.#failChain(signaturesIn(body.options.get("chain")), { ...error, traceback }, true);
  }

  /** Nobody hears of a chord's error here: every member has failed with what failed the chord. */
  async #failGroup(body: Signature, end: Extract<ChordEnd, { ok: false }>, error: RaisedException): Promise<void> {
    const { cause } = end;
    const original = cause === null ? error : workerException(cause.type, cause.module ?? "celery.exceptions", cause.args);
    const ids: string[] = [];
    for (const member of body.tasks) {
      const id = textOf(member.options.get("task_id"));
      if (id === null) continue;
      ids.push(id);
      const errbacks = [...signaturesIn(member.options.get("link_error")), ...signaturesIn(body.options.get("link_error"))];
      await this.#sendErrbacks(errbacks, id, id);
      await this.#options.results.store({ taskId: id, status: "FAILURE", result: exceptionResult(original) });
    }
    const groupId = textOf(body.options.get("task_id"));
    if (groupId !== null) await this.#options.results.store({ taskId: groupId, status: "FAILURE", result: exceptionResult(original) });
    if (ids.length > 0) await this.#options.revoke(ids);
  }
}

function asValue(signature: Value, member: string): Value | undefined {
  return get(get(signature, "kwargs"), member);
}
