import { AppError } from "../../lib/errors.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { callOptions, sendable } from "../producer/apply-options.ts";
import { linkErrors, linkTo } from "../producer/links.ts";
import type { ExtraOptions } from "../producer/send-signature.ts";
import { type Signature, signatureValue } from "../producer/signature.ts";
import type { AnyResult } from "../results/any-result.ts";
import type { ApplyOptions } from "../task/task-options.ts";
import { stamp } from "./stamp.ts";

/** Sends a signature from an application. */
export type Send = (signature: Signature, args: readonly Value[], options: ExtraOptions) => Promise<AnyResult>;

/** A signature that can be changed, put into others and sent; typed by what stands for its result when it was. */
export class Canvas<Handle extends AnyResult = AnyResult> implements Signature {
  readonly task: string;
  args: Value[];
  kwargs: Map<string, Value>;
  options: Map<string, Value>;
  readonly kind: string | null;
  immutable: boolean;
  tasks: Signature[];
  header: Signature | null;
  body: Signature | null;
  readonly isStored = false;
  readonly #send: Send | null;

  /** @param send of the application whose task it is; null for a canvas without any task */
  constructor(signature: Signature, send: Send | null) {
    this.task = signature.task;
    this.args = signature.args;
    this.kwargs = signature.kwargs;
    this.options = signature.options;
    this.kind = signature.kind;
    this.immutable = signature.immutable;
    this.tasks = signature.tasks;
    this.header = signature.header;
    this.body = signature.body;
    this.#send = send;
  }

  /** Adds to the options with which it will be sent. Immutability is of the members of a group and of a chord's header. */
  set(options: ApplyOptions & { immutable?: boolean }): this {
    if (options.immutable !== undefined) setImmutable(this, options.immutable);
    for (const [name, value] of callOptions(options)) this.options.set(name, value);
    return this;
  }

  /** What is sent with the result on success: of a chord that of its body. A group calls it when its first member has succeeded. */
  link(...callbacks: Signature[]): this {
    for (const callback of callbacks) linkTo(this, callback);
    return this;
  }

  /** What is sent with the failed task's id. Each member of a group calls it; of a chord the body does, also when the header failed. */
  linkError(...errbacks: Signature[]): this {
    linkErrors(this, errbacks.map(signatureValue));
    return this;
  }

  /** Marks it and all that is in it, chords' bodies excepted, and what is linked by now; workers can revoke by such marks. */
  stamp(stamps: Record<string, unknown>): this {
    stamp(this, new Map(Object.entries(stamps).map(([name, value]) => [name, sendable(value)])));
    return this;
  }

  /** Sends it, with arguments before its own. */
  async delay(...args: unknown[]): Promise<Handle> {
    return this.#sent(args.map(sendable), {});
  }

  /** Sends it. Inside a task, what is sent becomes that task's child. Rejects with `bad-input`, or `unavailable` without Redis. */
  async apply(options: ApplyOptions = {}): Promise<Handle> {
    return this.#sent([], Object.fromEntries(callOptions(options)));
  }

  async #sent(args: Value[], options: ExtraOptions): Promise<Handle> {
    if (this.#send === null) throw new AppError("bad-input", "A canvas without a task belongs to no application; send it with one");
    return asHandle<Handle>(await this.#send(this, args, options));
  }

  /** How its first part that has one is sent. */
  static sendOf(parts: readonly Canvas[]): Send | null {
    return parts.map((part) => part.#send).find((send) => send !== null) ?? null;
  }
}

function setImmutable(signature: Signature, immutable: boolean): void {
  const members = signature.kind === "group" ? signature.tasks : signature.kind === "chord" ? (signature.header?.tasks ?? []) : null;
  if (members === null) signature.immutable = immutable;
  else for (const member of members) setImmutable(member, immutable);
}

/** What was sent decides which kind of result there is, and its type says which; neither can be seen in the other. */
function asHandle<Handle extends AnyResult>(result: AnyResult): Handle {
  return result as Handle;
}

/** What a canvas gives in the end. */
export type ResultOf<Part> = Part extends Canvas<infer Handle> ? (Handle extends AnyResult<infer Result> ? Result : never) : never;
