import { type ChildProcess, fork } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import type { Outcome } from "../task/outcome.ts";
import type { ChildSettings, FromChild, ToChild } from "./child-protocol.ts";

const PROGRAM = fileURLToPath(new URL("./pool-process.ts", import.meta.url));

const START_MS = 60_000;
const LEAVE_MS = 5_000;

/** Whether this process is such a child itself. */
export function isPoolChild(): boolean {
  return process.argv[1] === PROGRAM;
}

/** A child process that has loaded the application and runs a task at a time. */
export class PoolChild {
  /** Resolves when it can run tasks. Rejects with a sentence when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when nothing of it is left, and all that it told has been heard. */
  readonly gone: Promise<void>;
  /** Its number in the pool, which whoever replaces it gets again. */
  readonly place: number;
  /** How many tasks it was given. */
  tasks = 0;
  /** The most memory that it had used when its last task ended, in KiB. */
  peakKb = 0;
  /** Whether it was sent a signal that may end it any moment. */
  wasKilled = false;
  readonly #process: ChildProcess;
  #ended: ((outcome: Outcome | null) => void) | null = null;
  #end = "";

  constructor(settings: ChildSettings, place: number) {
    this.place = place;
    this.#process = fork(PROGRAM, [JSON.stringify(settings)], {
      execArgv: process.execArgv.filter((option) => !option.startsWith("--inspect")),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ready.catch(() => {}); // whoever wants to know asks
    let reason: string | null = null;
    const late = setTimeout(() => {
      reason = `it was not ready after ${START_MS / 1000} s`;
      this.kill("SIGKILL");
    }, START_MS);
    this.#process.on("message", (message) => {
      const told = fromChild(message);
      if (told.say === "broken") reason = told.reason;
      else if (told.say === "done") {
        this.peakKb = told.peakKb;
        this.#answer(told.outcome);
      } else {
        clearTimeout(late);
        ready.resolve();
      }
    });
    this.gone = this.#exit().then((end) => {
      clearTimeout(late);
      this.#end = end;
      ready.reject(new Error(`A process of the pool did not start: ${reason ?? `it ended with ${end}`}`));
      this.#answer(null);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How it ended, as Python says it: `signal 9 (SIGKILL)`, `exitcode 1`. Empty while it lives. */
  get end(): string {
    return this.#end;
  }

  /** Resolves when the task has ended; to null when the process has ended instead. */
  run(request: TaskRequest, softLimitMs: number | null): Promise<Outcome | null> {
    this.tasks++;
    return new Promise((resolve) => {
      if (this.#end !== "") return resolve(null);
      this.#ended = resolve;
      this.#tell({ say: "run", request, softLimitMs });
    });
  }

  /** False for what is no signal here, and for a process that has ended. */
  kill(signal: NodeJS.Signals | number): boolean {
    try {
      const wasSent = this.#process.kill(signal);
      this.wasKilled ||= wasSent && signal !== constants.signals.SIGUSR1; // which is for its task
      return wasSent;
    } catch {
      return false;
    }
  }

  /** Ends it when it is idle: first it closes its connections. */
  leave(): void {
    this.#tell({ say: "leave" });
    this.#killLater();
  }

  #killLater(): void {
    if (this.#end !== "") return;
    const late = setTimeout(() => this.kill("SIGKILL"), LEAVE_MS);
    void this.gone.then(() => clearTimeout(late));
  }

  #tell(message: ToChild): void {
    this.#process.send(message, () => {}); // to a process that has ended, which `gone` tells
  }

  #answer(outcome: Outcome | null): void {
    const ended = this.#ended;
    this.#ended = null;
    ended?.(outcome);
  }

  /** Its last messages may come after the news of its end. */
  #exit(): Promise<string> {
    const child = this.#process;
    return new Promise((resolve) => {
      child.on("error", (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
      // One that has let go of its messages is about to end, or can do nothing for us any more.
      child.once("disconnect", () => this.#killLater());
      child.once("exit", (code, signal) => {
        const end = exitText(code, signal);
        if (child.connected) child.once("disconnect", () => resolve(end));
        else resolve(end);
      });
    });
  }
}

/** As billiard 4.3 says it (`common.py`, `human_status`). */
function exitText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exitcode ${code ?? 0}` : `signal ${constants.signals[signal]} (${signal})`;
}

/** Nobody but `pool-process.ts` writes into this channel, and it sends this type. */
function fromChild(message: unknown): FromChild {
  return message as FromChild;
}
