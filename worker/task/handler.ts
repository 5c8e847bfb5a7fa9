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
  const { parameters } = options;
  return async (ctx, args, kwargs) => {
    const values = args.map(toJavaScript);
    if (parameters !== undefined) {
      const problem = misfit(
        parameters,
        handler.length - 1,
        args.length,
        kwargs.map(([name]) => name),
      );
      if (problem !== null) {
        throw new PythonError("TypeError", [`${ctx.request.type.slice(ctx.request.type.lastIndexOf(".") + 1)}() ${problem}`]);
      }
      for (const [name, value] of kwargs) values[parameters.indexOf(name)] = toJavaScript(value);
    }
    const returned = await handler(ctx, ...asArguments<Args>(values));
    const result = fromJavaScript(returned);
    if (!result.ok) throw new PythonError("EncodeError", [result.reason], "kombu.exceptions");
    const json = encodeKombuJson(result.value);
    if (!json.ok) throw new PythonError("EncodeError", [json.reason], "kombu.exceptions");
    return result.value;
  };
}

/**
 * What Python says of a call that does not fit a function's parameters; null when it does.
 *
 * @param required how many have no default; as JavaScript counts them
 */
export function misfit(parameters: readonly string[], required: number, given: number, names: readonly string[]): string | null {
  const unknown = names.find((name) => !parameters.includes(name));
  if (unknown !== undefined) return `got an unexpected keyword argument '${unknown}'`;
  const twice = names.find((name) => parameters.indexOf(name) < given);
  if (twice !== undefined) return `got multiple values for argument '${twice}'`;
  const most = parameters.length;
  if (given > most) {
    const range = required < most ? `from ${required} to ${most}` : `${most}`;
    return `takes ${range} positional argument${most === 1 ? "" : "s"} but ${given} ${given === 1 ? "was" : "were"} given`;
  }
  const missing = parameters.slice(given, required).filter((name) => !names.includes(name));
  if (missing.length === 0) return null;
  const quoted = missing.map((name) => `'${name}'`);
  const last = quoted.pop();
  const list = quoted.length === 0 ? last : `${quoted.join(", ")}${quoted.length > 1 ? "," : ""} and ${last}`;
  return `missing ${missing.length} required positional argument${missing.length === 1 ? "" : "s"}: ${list}`;
}

/** Whoever sends a task promises its arguments; a message cannot be checked against types that are gone at run time. */
function asArguments<Args extends readonly unknown[]>(values: unknown[]): Args {
  return values as unknown as Args;
}
