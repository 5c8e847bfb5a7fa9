import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config } from "../lib/config.ts";
import { AppError, reasonOf } from "../lib/errors.ts";
import { isKnownHost } from "./known-host.ts";
import { startPages } from "./pages.ts";
import { prefixedUrl } from "./prefixed-url.ts";
import { secureResponse } from "./response-headers.ts";

/** What is being answered may finish for so long. Streams do not finish by themselves; browsers come back to them. */
const GRACE_MS = 300;
/** Longer than the 60 s for which proxies keep an idle connection, so that none sends a request into one that we are closing. */
const IDLE_MS = 75_000;

const NOT_OUR_NAME =
  "Perennial is not known by the host name of this request. If it shall be, start it with --allowed-host and that name.\n";

export interface Server {
  /** Such as `http://127.0.0.1:8555/ops/celery`. */
  address: string;
  /** Takes no more requests, ends open streams, resolves within half a second. */
  close(): Promise<void>;
}

/**
 * Serves pages and routes. The monitor must have been shared before. Throws `unavailable` where the address is not ours to take, and
 * `not-found` when the pages are not built.
 */
export async function startServer(config: Pick<Config, "host" | "port" | "prefix" | "hostNames" | "development">): Promise<Server> {
  const pages = await startPages(config.prefix, config.development);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    secureResponse(request, response, config.development);
    if (!isKnownHost(request.headers.host, config.hostNames)) {
      response.writeHead(421, { "Content-Type": "text/plain" }).end(NOT_OUR_NAME);
      return;
    }
    request.url = prefixedUrl(request.url ?? "/", config.prefix);
    await pages.answer(request, response);
  }

  const server = createServer({ keepAliveTimeout: IDLE_MS }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(`${request.method} ${request.url?.split("?")[0]} failed:`, error);
      if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
      response.end("Something went wrong inside Perennial; its log says what.\n");
    });
  });

  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(config.port, config.host, resolve));
  } catch (error) {
    await pages.close();
    throw new AppError("unavailable", `Cannot listen on ${config.host} port ${config.port}: ${listenProblem(error)}`);
  }

  return {
    address: `http://${hostOf(server.address() as AddressInfo)}${config.prefix}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
      await pages.close();
    },
  };
}

function hostOf({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return `localhost:${port}`;
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

function listenProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return "something else listens there already";
    case "EACCES":
      return "this user may not";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "this machine has no such address";
    default:
      return reasonOf(error);
  }
}
