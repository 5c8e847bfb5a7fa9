import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that is measured. It dies with us. */
export interface Child extends AsyncDisposable {
  pid: number;
  /** Lines of its standard output from now on, until it ends. */
  lines(): AsyncIterable<string>;
  stop(): Promise<void>;
}

/** Flower writes its file when it ends. */
const KILL_AFTER_MS = 60_000;

export function startChild(program: string, args: readonly string[], env?: Record<string, string>): Child {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(env === undefined ? {} : { env: { NODE_ENV: "production", ...env } }),
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4_000)));
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  if (process.listenerCount("SIGINT") === 0)
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const stop = async (): Promise<void> => {
    process.removeListener("exit", kill);
    await ended(child);
  };
  return {
    pid: child.pid ?? 0,
    async *lines() {
      // Read to the end even when nobody listens: a full pipe would stop it.
      yield* createInterface({ input: child.stdout });
      if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}:\n${errors}`);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  await exit;
  clearTimeout(hard);
}
