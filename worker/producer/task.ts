import { Canvas, type Send } from "../canvas/canvas.ts";
import { chunksSignature, mapSignature } from "../canvas/map.ts";
import type { AsyncResult } from "../results/async-result.ts";
import type { GroupResult } from "../results/group-result.ts";
import type { ApplyOptions } from "../task/task-options.ts";
import { callOptions, sendable } from "./apply-options.ts";
import { taskSignature } from "./signature.ts";

/** The arguments that are left when what comes before a call has given the first ones. */
type Rest<Args extends readonly unknown[]> = number extends Args["length"]
  ? Args
  : Args extends readonly [unknown?, ...infer After]
    ? Args | (Args extends readonly [] ? never : Rest<After>)
    : Args;

/** A task that can be sent, typed by its handler. */
export class Task<Args extends readonly unknown[] = readonly unknown[], Result = unknown> {
  readonly name: string;
  readonly #send: Send;

  constructor(name: string, send: Send) {
    this.name = name;
    this.#send = send;
  }

  /** Sends it. Inside a task, what is sent becomes that task's child. */
  async delay(...args: Args): Promise<AsyncResult<Result>> {
    return this.apply(args);
  }

  async apply(args: Args, options: ApplyOptions = {}): Promise<AsyncResult<Result>> {
    return this.signature(args, options).apply();
  }

  /** The call, to be sent later or as a part of something else. What comes before it prepends its result to the arguments. */
  s(...args: Rest<Args>): Canvas<AsyncResult<Result>> {
    return this.signature(args);
  }

  /** The call with just these arguments, whatever comes before it. */
  si(...args: Args): Canvas<AsyncResult<Result>> {
    return this.signature(args, { immutable: true });
  }

  /** As `s`, with options. */
  signature(args: readonly unknown[], options: ApplyOptions & { immutable?: boolean } = {}): Canvas<AsyncResult<Result>> {
    const kwargs = Object.entries(options.kwargs ?? {}).map(([name, value]) => [name, sendable(value)] as const);
    const parts = {
      args: args.map(sendable),
      kwargs: new Map(kwargs),
      options: callOptions(options),
      immutable: options.immutable ?? false,
    };
    return new Canvas(taskSignature(this.name, parts), this.#send);
  }

  /** One task that does this one for each item, one after the other. */
  map(items: readonly Args[0][]): Canvas<AsyncResult<Result[]>> {
    return new Canvas(mapSignature("celery.map", this.signature([]), items.map(sendable)), this.#send);
  }

  /** The same for items that are lists of arguments. */
  starmap(items: readonly Args[]): Canvas<AsyncResult<Result[]>> {
    return new Canvas(mapSignature("celery.starmap", this.signature([]), items.map(sendable)), this.#send);
  }

  /** A group of such tasks, each for so many of the items. */
  chunks(items: readonly Args[], size: number): Canvas<GroupResult<Result[][]>> {
    return new Canvas(chunksSignature(this.signature([]), items.map(sendable), size), this.#send);
  }
}
