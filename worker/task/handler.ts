import { encodeKombuJson } from "../../lib/wire/serialize/json.ts";
import { fromJavaScript, toJavaScript } from "../../lib/wire/python/javascript.ts";
import { PythonError } from "../errors.ts";
import type { TaskContext } from "./context.ts";
import type { RegisteredTask } from "./registry.ts";
import type { TaskOptions } from "./task-options.ts";

/** What an application writes: a function of the context and the call's arguments. */
export type Handler<Args extends readonly unknown[], Result> = (ctx: TaskContext, ...args: Args) => Result | Promise<Result>;

/** A handler as the registry keeps it. Named arguments go to the parameters that have their names. */
export function runHandler<Args extends readonly unknown[], Result>(
  handler: Handler<Args, Result>,
  options: TaskOptions,
): RegisteredTask["run"] {
  const { parameters = [] } = options;
  return async (ctx, args, kwargs) => {
    const values = args.map(toJavaScript);
    for (const [name, value] of kwargs) {
      const at = parameters.indexOf(name);
      if (at < 0) continue;
      if (at < args.length) throw new PythonError("TypeError", [`${ctx.request.type}() got multiple values for argument '${name}'`]);
      values[at] = toJavaScript(value);
    }
    const returned = await handler(ctx, ...asArguments<Args>(values));
    const result = fromJavaScript(returned);
    if (!result.ok) throw new PythonError("EncodeError", [result.reason], "kombu.exceptions");
    const json = encodeKombuJson(result.value);
    if (!json.ok) throw new PythonError("EncodeError", [json.reason], "kombu.exceptions");
    return result.value;
  };
}

/** Whoever sends a task promises its arguments; a message cannot be checked against types that are gone at run time. */
function asArguments<Args extends readonly unknown[]>(values: unknown[]): Args {
  return values as unknown as Args;
}
