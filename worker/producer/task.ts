import type { AsyncResult } from "../results/async-result.ts";
import type { ApplyOptions } from "../task/task-options.ts";
import { callOptions, sendable } from "./apply-options.ts";
import { type Signature, taskSignature } from "./signature.ts";

/** A task that can be sent, typed by its handler. */
export class Task<Args extends readonly unknown[] = readonly unknown[], Result = unknown> {
  readonly name: string;
  readonly #send: (signature: Signature) => Promise<AsyncResult<Result>>;

  constructor(name: string, send: (signature: Signature) => Promise<AsyncResult<Result>>) {
    this.name = name;
    this.#send = send;
  }

  /** Sends it. Inside a task, what is sent becomes that task's child. */
  async delay(...args: Args): Promise<AsyncResult<Result>> {
    return this.apply(args);
  }

  async apply(args: Args, options: ApplyOptions = {}): Promise<AsyncResult<Result>> {
    return this.#send(this.signature(args, options));
  }

  /** The call, to be sent later or as a part of something else. What comes before it prepends its result to the arguments. */
  signature(args: readonly unknown[], options: ApplyOptions & { immutable?: boolean } = {}): Signature {
    const kwargs = Object.entries(options.kwargs ?? {}).map(([name, value]) => [name, sendable(value)] as const);
    return taskSignature(this.name, {
      args: args.map(sendable),
      kwargs: new Map(kwargs),
      options: callOptions(options),
      immutable: options.immutable ?? false,
    });
  }
}
