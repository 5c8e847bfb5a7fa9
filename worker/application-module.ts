import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Celery } from "./celery.ts";

/**
 * The application that a module exports.
 *
 * @param module path of the module, whose default export or export `app` it is; `path:name` for another export
 * Rejects with what the module throws, or with a sentence when it exports none.
 */
export async function loadApplication(module: string): Promise<Celery> {
  const [, path = module, name] = /^(.*?)(?::([\w$]+))?$/.exec(module) ?? [];
  const exports: unknown = await import(pathToFileURL(resolve(path)).href);
  const named = new Map<string, unknown>(Object.entries(exports ?? {}));
  const app = (name === undefined ? ["default", "app"] : [name]).map((one) => named.get(one)).find((one) => one instanceof Celery);
  if (!(app instanceof Celery)) throw new TypeError(`${path} exports no application`);
  return app;
}
