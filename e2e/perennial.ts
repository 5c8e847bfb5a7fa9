import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Perennial {
  /** With the prefix. */
  address: string;
  process: ChildProcess;
  /** What it has said on its error output. */
  errors(): string;
  stop(): Promise<void>;
}

/** A Perennial of this test's own on a free port. Throws what it said when it does not start. */
export async function startPerennial(...args: string[]): Promise<Perennial> {
  const child = spawn(process.execPath, ["server/cli.ts", "--port", "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("http")) continue;
    child.stdout.resume();
    return { address: line, process: child, errors: () => errors, stop };
  }
  throw new Error(`Perennial did not start: ${errors}`);
}
