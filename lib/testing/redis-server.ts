import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A private server of one test file: `const redis = await withRedis()` in `beforeAll`, `await redis.stop()` in `afterAll`. */
export interface RedisServer extends AsyncDisposable {
  host: string;
  port: number;
  /** Of database 0; another one is `${url}/1`. */
  url: string;
  pid: number;
  /** Ends the server; everything in it is lost. May be called twice. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Lines of redis.conf, such as `{ maxmemory: "3mb", "maxmemory-policy": "noeviction" }`. */
  config?: Record<string, string>;
  /** To come back where an earlier server was. A free one by default. */
  port?: number;
  /** Out of reach of a Ctrl-C in the terminal: whoever started it stops it, after those that use it. */
  detached?: boolean;
}

const HOST = "127.0.0.1";
const STARTS = 5;
const READY_MS = 10_000;

/** Starts a Redis (or Valkey) server of our own on a free port of loopback, without persistence. Rejects when none is installed. */
export async function withRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = programOnPath(["redis-server", "valkey-server"]);
  if (program === undefined) {
    throw new Error("These tests need a Redis: put redis-server or valkey-server on the PATH");
  }
  let failure: unknown;
  // Somebody else can take a free port between our finding it and the server's binding it.
  for (let start = 0; start < STARTS; start++) {
    try {
      return await startServer(program, options.port ?? (await freePort()), options);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function startServer(program: string, port: number, { config = {}, detached = false }: RedisServerOptions): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), "perennial-redis-"));
  const settings = { port: String(port), bind: HOST, dir, save: "", appendonly: "no", ...config };
  const child = spawn(
    program,
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ["ignore", "pipe", "inherit"], detached },
  );
  const kill = () => void child.kill("SIGKILL");
  // A test that fails hard must not leave a server behind.
  process.once("exit", kill);
  const stop = async () => {
    process.removeListener("exit", kill);
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const ended = once(child, "exit");
      kill();
      await ended;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await ready(child, program);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: HOST,
    port,
    url: `redis://${HOST}:${port}`,
    pid: child.pid ?? 0,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Resolves when the server says that it accepts connections. */
function ready(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = () => reject(new Error(`${program} did not start:\n${output.slice(-2000)}`));
    const timer = setTimeout(fail, READY_MS);
    child.once("error", fail);
    child.once("exit", fail);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      // The pipe is read to the end of the server's life: a full one would stop it.
      if (output.length < 100_000) output += text;
      if (!/ready to accept connections/i.test(output)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Free when asked; somebody may take it before you do. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port is free");
  return address.port;
}

function programOnPath(names: readonly string[]): string | undefined {
  const dirs = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => dirs.map((dir) => join(dir, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
