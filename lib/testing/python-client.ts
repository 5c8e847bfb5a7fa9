import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Venv } from "./fleet.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export interface PythonOptions {
  /** Redis of the broker (database 0) and of the results (database 1), without a database number. */
  redisUrl: string;
  /** Where tasks of `fleet/sums.py` go that name no queue. */
  queue: string;
  venv?: Venv;
}

/** An exception that Python code ended in. */
export interface PythonException {
  type: string;
  module: string;
  args: string[];
  repr: string;
}

/** A Celery client in Python: `fleet/client.py` with the application of `fleet/sums.py`. */
export interface PythonClient extends AsyncDisposable {
  /** What Python code evaluates to: the value of its last expression. Rejects with what it raises. */
  value<T = unknown>(code: string): Promise<T>;
  /** What Python code raises. Rejects when it raises nothing. */
  exception(code: string): Promise<PythonException>;
}

type Answer = { id: number; ok?: unknown; error?: PythonException };

export function startPythonClient(options: PythonOptions): PythonClient {
  const child = python(options, ["-u", join(ROOT, "fleet", "client.py")], ["pipe", "pipe", "pipe"]);
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4_000)));
  child.on("close", () => {
    for (const [id, answer] of waiting) answer({ id, error: { type: "ClientEnded", module: "", args: [], repr: errors } });
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer; // client.py lives in the same repository
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    });
  }
  const ask = (code: string) =>
    new Promise<Answer>((answered) => {
      const id = ++lastId;
      waiting.set(id, answered);
      child.stdin?.write(`${JSON.stringify({ id, code })}\n`);
    });
  return {
    value: async <T>(code: string) => {
      const { ok, error } = await ask(code);
      if (error !== undefined) throw new Error(`${error.repr} in ${code}`);
      return ok as T; // whoever asks knows what the code gives
    },
    exception: async (code) => {
      const { ok, error } = await ask(code);
      if (error === undefined) throw new Error(`${code} raised nothing but gave ${JSON.stringify(ok)}`);
      return error;
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** A real worker for the application of `fleet/sums.py`, with pool processes. Resolves when it takes tasks. */
export async function startPythonWorker(options: PythonOptions & { name: string; queues?: string[] }): Promise<AsyncDisposable> {
  const args = ["-m", "celery", "-A", "sums", "worker", "-P", "prefork", "-c", "4", "-E", "-l", "INFO"];
  const child = python(
    options,
    [...args, "-n", options.name, "-Q", (options.queues ?? [options.queue]).join(",")],
    ["ignore", "ignore", "pipe"],
  );
  let output = "";
  await new Promise<void>((ready, failed) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4_000);
      if (/ ready\.\s/.test(output)) ready();
    });
    process.once("exit", () => child.kill("SIGKILL"));
    child.on("close", () => failed(new Error(`The worker ended:\n${output}`)));
  });
  return { [Symbol.asyncDispose]: () => end(child) };
}

/** What a command of Celery's own command line prints. */
export async function celeryCommand(options: PythonOptions, args: string[]): Promise<string> {
  const child = python(options, ["-W", "ignore", "-m", "celery", "-A", "sums", ...args], ["ignore", "pipe", "pipe"]);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  return output;
}

function python({ redisUrl, queue, venv = "celery-5.7" }: PythonOptions, args: string[], stdio: ("pipe" | "ignore")[]): ChildProcess {
  const env = {
    ...process.env,
    SUMS_BROKER: `${redisUrl}/0`,
    SUMS_RESULTS: `${redisUrl}/1`,
    SUMS_QUEUE: queue,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  return spawn(join(ROOT, ".tools", "python", venv, "bin", "python"), args, { cwd: join(ROOT, "fleet"), env, stdio });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}
