import type { Value } from "../../lib/wire/python/value.ts";
import type { TaskContext } from "./context.ts";
import { type TaskOptions, messageDefaults } from "./task-options.ts";

/** A task that this process can run. */
export interface RegisteredTask {
  readonly name: string;
  readonly options: Readonly<TaskOptions>;
  /** Remote control may change these three. The limits in seconds. */
  rateLimit: string | number | null;
  timeLimit: number | null;
  softTimeLimit: number | null;
  /** Throws whatever the handler throws, and when it returns what Python cannot be told. */
  run(ctx: TaskContext, args: readonly Value[], kwargs: readonly (readonly [string, Value])[]): Promise<Value>;
}

export class TaskRegistry {
  readonly #tasks = new Map<string, RegisteredTask>();
  readonly #defaults = new Map<string, ReadonlyMap<string, Value>>();

  add(name: string, options: TaskOptions, run: RegisteredTask["run"]): RegisteredTask {
    if (this.#tasks.has(name)) throw new TypeError(`The task ${name} is defined twice`);
    const { rateLimit = null, timeLimit = null, softTimeLimit = null } = options;
    const task = { name, options, rateLimit, timeLimit, softTimeLimit, run };
    this.#tasks.set(name, task);
    this.#defaults.set(name, messageDefaults(options));
    return task;
  }

  get(name: string): RegisteredTask | undefined {
    return this.#tasks.get(name);
  }

  /** In alphabetical order. */
  list(): RegisteredTask[] {
    return [...this.#tasks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  messageDefaults(name: string): ReadonlyMap<string, Value> {
    return this.#defaults.get(name) ?? NONE;
  }
}

const NONE: ReadonlyMap<string, Value> = new Map();
