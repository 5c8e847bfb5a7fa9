import { type ChildProcess, spawn } from "node:child_process";
import { reasonOf } from "../../lib/errors.ts";
import type { Log } from "../log.ts";

/** Reads lists of processes until nobody can write any more, and ends those of the last one. Signals are for the worker. */
const SCRIPT = `trap '' INT QUIT TERM HUP; while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids`;

/**
 * Ends the processes of a pool when the worker was killed. Each of them hears of that by itself, but one that computes does not listen,
 * and a thread in each, which would, takes 10 MB.
 */
export class Reaper {
  readonly #shell: ChildProcess;
  #isStopped = false;

  constructor(log: Log) {
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"] });
    const lost = (reason: string) => {
      if (this.#isStopped) return;
      log({ level: "warning", text: "processes that compute will outlive this worker if it is killed", about: { reason } });
    };
    this.#shell.once("error", (error) => lost(reasonOf(error)));
    this.#shell.once("exit", () => lost("the shell that watches over them has ended"));
    this.#shell.stdin?.on("error", () => {}); // it has ended
    this.#shell.unref();
  }

  /** @param pids the processes that there are now */
  watch(pids: readonly number[]): void {
    this.#shell.stdin?.write(`${pids.join(" ")}\n`);
  }

  /** When none is left. */
  stop(): void {
    this.#isStopped = true;
    this.watch([]);
    this.#shell.stdin?.end();
  }
}
