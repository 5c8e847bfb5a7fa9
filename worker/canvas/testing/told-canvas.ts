import { chain } from "../chain.ts";
import { chord, group } from "../group.ts";
import type { Canvas } from "../canvas.ts";
import type { Task } from "../../producer/task.ts";
import type { ApplyOptions } from "../../task/task-options.ts";

/** A canvas as fleet/record_canvases.py tells it: a text is a task with that text for its argument. */
export type Told = string | (Kind & { then?: Act[] });

type Kind =
  | { task: string; args?: unknown[]; kwargs?: Record<string, unknown> }
  | { chain: Told[] }
  | { group: Told[] }
  | { chord: Told[]; body: Told }
  | { map: string; items: unknown[] }
  | { starmap: string; items: unknown[][] }
  | { chunks: string; items: unknown[][]; size: number };

type Act = { set: Record<string, unknown> } | { link: Told } | { link_error: Told } | { stamp: Record<string, unknown> };

/** How a task of the told canvas is found by its name. */
export type TaskNamed = (name: string) => Task<unknown[]>;

export function toldCanvas(told: Told, task: TaskNamed): Canvas {
  if (typeof told === "string") return task("echo").s(told);
  const canvas = ofKind(told, task);
  for (const act of told.then ?? []) {
    if ("set" in act) canvas.set(toldOptions(act.set, task));
    else if ("link" in act) canvas.link(toldCanvas(act.link, task));
    else if ("link_error" in act) canvas.linkError(toldCanvas(act.link_error, task));
    else canvas.stamp(act.stamp);
  }
  return canvas;
}

function ofKind(told: Kind, task: TaskNamed): Canvas {
  const all = (parts: Told[]) => parts.map((part) => toldCanvas(part, task));
  if ("task" in told) return task(told.task).signature(told.args ?? [], { kwargs: told.kwargs ?? {} });
  if ("chain" in told) return chain(...all(told.chain));
  if ("group" in told) return group(...all(told.group));
  if ("chord" in told) return chord(all(told.chord), toldCanvas(told.body, task));
  if ("map" in told) return task(told.map).map(told.items);
  if ("starmap" in told) return task(told.starmap).starmap(told.items);
  return task(told.chunks).chunks(told.items, told.size);
}

const NAMES: Record<string, keyof ApplyOptions | "immutable"> = {
  task_id: "taskId",
  time_limit: "timeLimit",
  soft_time_limit: "softTimeLimit",
  ignore_result: "ignoreResult",
  link_error: "linkError",
};

/** Celery's options under our names. `eta` is always the same moment. */
export function toldOptions(options: Record<string, unknown>, task: TaskNamed): ApplyOptions {
  const entries = Object.entries(options).map(([name, value]) => {
    if (name === "eta") return [name, new Date("2030-01-02T03:04:05Z")];
    return [NAMES[name] ?? name, name.startsWith("link") ? toldCanvas(asTold(value), task) : value];
  });
  return asOptions(Object.fromEntries(entries));
}

/** Who tells a canvas tells options that exist; the linked ones are canvases themselves. */
function asOptions(options: unknown): ApplyOptions {
  return options as ApplyOptions;
}

function asTold(value: unknown): Told {
  return value as Told;
}
