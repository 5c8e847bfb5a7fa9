import { listOf, numberOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value, get } from "../../lib/wire/python/value.ts";
import { PythonError } from "../errors.ts";
import type { RegisteredTask, TaskRegistry } from "./registry.ts";

/** The tasks that every worker of Celery has (5.7, `app/builtins.py`): canvases made elsewhere rely on them. */
export function registerBuiltins(tasks: TaskRegistry): void {
  const mapped = (spread: boolean): RegisteredTask["run"] => {
    return async (ctx, args, kwargs) => {
      const named = new Map(kwargs);
      const name = textOf(get(named.get("task"), "task")) ?? textOf(named.get("task")) ?? "";
      const inner = tasks.get(name);
      if (inner === undefined) throw new PythonError("NotRegistered", [name], "celery.exceptions");
      const results: Value[] = [];
      for (const item of listOf(named.get("it")) ?? []) results.push(await inner.run(ctx, spread ? (listOf(item) ?? []) : [item], []));
      return results;
    };
  };
  tasks.add("celery.map", {}, mapped(false));
  tasks.add("celery.starmap", {}, mapped(true));
  tasks.add("celery.accumulate", {}, async (_ctx, args, kwargs) => {
    const index = numberOf(new Map(kwargs).get("index"));
    return index === null ? [...args] : (args[index] ?? null);
  });
  tasks.add("celery.backend_cleanup", {}, async () => null); // Redis forgets by itself
  for (const name of ["celery.chain", "celery.group", "celery.chord", "celery.chunks", "celery.chord_unlock"]) {
    tasks.add(name, {}, async () => {
      throw new PythonError("NotImplementedError", [`${name} is not a real task`]);
    });
  }
}
