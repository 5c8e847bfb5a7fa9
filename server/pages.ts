import type { IncomingMessage, ServerResponse } from "node:http";
import { resolve } from "node:path";
import next from "next";
import { sharePrefix } from "../lib/http/shared.ts";
import { type BuiltPages, builtPages } from "./built-pages.ts";

export interface Pages {
  /** Answers a request whose address begins with the prefix. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** Next, with the pages and routes of `app`, inside our process. Throws `not-found` when they are not built. */
export async function startPages(prefix: string, development: boolean): Promise<Pages> {
  sharePrefix(prefix);
  // Next would report to its makers when it builds pages.
  process.env["NEXT_TELEMETRY_DISABLED"] = "1";
  const built: BuiltPages = development ? { dir: resolve(import.meta.dirname, ".."), release() {} } : builtPages(prefix);
  const app = next({ dev: development, dir: built.dir, quiet: true });
  await app.prepare();
  return {
    answer: app.getRequestHandler(),
    async close() {
      await app.close();
      built.release();
    },
  };
}
