import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** An environment that `fleet/install.sh` builds. */
export type Venv = "celery-5.7" | "celery-5.6" | "celery-5.3" | "redbeat";

export interface FleetWorker {
  /** `garden` becomes the node `garden@fleet`. */
  name: string;
  /** Of `default`, `math`, `slow`, `prio` (need pool processes) and `poolthreads`; the producer sends to all five. */
  queues: string[];
  venv?: Venv;
  pool?: "prefork" | "threads" | "solo";
  /** 2 by default. */
  concurrency?: number;
  /** Started with `-E`; true by default. */
  events?: boolean;
  /** Seconds until what a killed worker held is delivered again: when the next worker starts, with Kombu 5.7 at once. */
  visibilityTimeout?: number;
  /** More options of `celery worker`. */
  more?: string[];
}

export interface FleetOptions {
  /** Redis of the broker (database 0) and of the results (database 1), without a database number. */
  redisUrl: string;
  /** Of workers and producers that name none. */
  venv: Venv;
  workers: FleetWorker[];
  /** Celery settings that win over those of `fleet/app.py`. */
  conf?: Record<string, unknown>;
}

export interface ProduceOptions {
  /** Least number of tasks; 2,000 by default. */
  count?: number;
  seed?: number;
  /** Names of `fleet/kinds.py`, separated by commas. */
  kinds?: string;
  /** Kinds begun a second; as fast as possible by default. */
  rate?: number;
  venv?: Venv;
}

/** One task, sent as the application sends it. */
export interface Call {
  name: string;
  args?: unknown[];
  kwargs?: Record<string, unknown>;
  queue: string;
  /** Of Celery's `send_task`: `{ countdown: 60, ignore_result: true }`. */
  options?: Record<string, unknown>;
}

export interface ProduceSummary {
  tasks: number;
  sentMs: number;
  kinds: Record<string, number>;
  acts: Record<string, number>;
  /** Tasks that never began or ended as an act waited for. */
  inVain: string[];
}

export interface ExpectedAttempt {
  retries: number;
  name: string;
  worker: string;
  version: string;
  pool: string;
  /** Epoch ms, from inside the task. */
  beganAt: number;
  endedAt: number | null;
  /** How the function was left; null when its process was killed in it, `exit` when SIGTERM ended it. */
  outcome: "success" | "failure" | "retry" | "replaced" | "ignored" | "rejected" | "exit" | null;
  redelivered: boolean;
  /** Whether its worker is sure to have sent events about it. */
  told: boolean;
  ignoresResult: boolean;
}

/** What must be true of a task; `fleet/expect.py` says by which rules. */
export interface ExpectedTask {
  name: string;
  /** All names that the task had, when it replaced itself or has a shadow name. */
  names: string[];
  queue: string | null;
  /** False for a later step of a failed chain and the body of a failed chord: they have a result, but never were a message. */
  sent: boolean;
  sentAt: number | null;
  rootId: string | null;
  parentId: string | null;
  /** Acceptable states, in our words. */
  states: string[];
  /** Acceptable exception types of a failure. */
  exceptionTypes: string[];
  attempts: ExpectedAttempt[];
  /** False where Celery tells nobody. */
  knowable: boolean;
  settled: boolean;
  /** What the result backend may read instead, later. */
  overwritten: string[];
  why: string;
}

export interface ExpectedWorker {
  version: string;
  pool: string;
  events: boolean;
  queues: string[];
  pid: number;
  state: "online" | "stopped" | "lost";
  boots: number;
}

export interface Expectation {
  tasks: Record<string, ExpectedTask>;
  /** Ids that were planned but must not exist anywhere. */
  neverSent: string[];
  workers: Record<string, ExpectedWorker>;
  settled: boolean;
}

export interface Fleet extends AsyncDisposable {
  brokerUrl: string;
  resultsUrl: string;
  /** Logs of the workers, and the ledger. */
  folder: string;
  /** Resolves when all of them are ready to take tasks. */
  start(workers: FleetWorker[]): Promise<Record<string, { pid: number }>>;
  /** SIGKILLs a worker with all its processes. */
  kill(name: string): Promise<void>;
  /** Stops workers (all by default) warmly; exit codes by node name. */
  stop(names?: string[]): Promise<Record<string, number>>;
  /** Resolves when all is sent, revoked and terminated; the tasks may still run. */
  produce(options?: ProduceOptions): Promise<ProduceSummary>;
  /** Sends these tasks; resolves with their ids, in the same order. */
  send(calls: Call[]): Promise<string[]>;
  /** Resolves when every task has come to its end and no queue holds any; rejects with the ids that have not. */
  settled(timeoutMs?: number): Promise<void>;
  expectations(): Promise<Expectation>;
  /** Kills whatever runs and removes the folder. May be called twice. */
  end(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const SETTLE_MS = 120_000;

/** Whether the environments are there; tests that need them are skipped otherwise. */
export function hasVenv(venv: Venv): boolean {
  return existsSync(python(venv));
}

/**
 * Starts real Celery workers on a Redis server, and resolves when they take tasks. They live under a supervisor that kills
 * them when its stdin ends, so that nothing outlives the test process, however that ends.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { redisUrl, venv, workers, conf = {} } = options;
  const brokerUrl = `${redisUrl}/0`;
  const resultsUrl = `${redisUrl}/1`;
  const folder = mkdtempSync(join(tmpdir(), "perennial-fleet-"));
  const supervisor = new Supervisor(venv, [
    ...["--broker", brokerUrl, "--results", resultsUrl],
    ...["--folder", folder, "--conf", JSON.stringify(conf)],
  ]);
  const withVenv = <T extends object>(one: T) => ({ venv, ...one });
  const fleet: Fleet = {
    brokerUrl,
    resultsUrl,
    folder,
    start: (more) => supervisor.ask("start", { workers: more.map(withVenv) }),
    kill: async (name) => void (await supervisor.ask("kill", { name })),
    stop: (names) => supervisor.ask("stop", { names: names ?? null }),
    produce: (wanted = {}) => supervisor.ask("produce", withVenv(wanted)),
    send: (calls) => supervisor.ask("send", withVenv({ calls })),
    settled: async (timeoutMs = SETTLE_MS) => {
      const { settled, open } = await supervisor.ask<{ settled: boolean; open: string[] }>("settle", { timeoutMs });
      if (!settled) throw new Error(`Unsettled after ${timeoutMs} ms: ${open.join(", ") || "a queue is not empty"}`);
    },
    expectations: () => supervisor.ask("expect", {}),
    end: async () => {
      await supervisor.end();
      rmSync(folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => fleet.end(),
  };
  try {
    await fleet.start(workers);
  } catch (error) {
    await fleet.end();
    throw error;
  }
  return fleet;
}

/** The interpreter of an environment. */
export function python(venv: Venv): string {
  return join(ROOT, ".tools", "python", venv, "bin", "python");
}

interface Answer {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** `fleet/fleet.py` as a child: one JSON line a command, one an answer. */
class Supervisor {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Answer>();
  readonly #ended: Promise<unknown>;
  #lastId = 0;
  #errors = "";

  constructor(venv: Venv, args: string[]) {
    this.#child = spawn(python(venv), [join(ROOT, "fleet", "fleet.py"), ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    // `spawn` gives these for "pipe"; a child that could not start says so by "error".
    const { stdout, stderr, stdin } = this.#child;
    if (stdout) createInterface({ input: stdout }).on("line", (line) => this.#answered(line));
    stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errors = (this.#errors + text).slice(-4_000)));
    stdin?.on("error", () => {}); // it ended before it was asked; "close" tells why
    this.#child.on("error", (error) => this.#fail(new Error(`The fleet did not start; run fleet/install.sh (${error.message})`)));
    this.#child.on("close", () => this.#fail(new Error(`The fleet ended:\n${this.#errors}`)));
    this.#ended = Promise.race([once(this.#child, "close"), once(this.#child, "error")]);
    this.#ended.catch(() => {});
  }

  ask<T>(what: string, parameters: object): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      // The answers' shapes are those of fleet.py, which lives in the same repository.
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      if (this.#child.exitCode !== null || !this.#child.stdin?.writable) this.#fail(new Error(`The fleet has ended:\n${this.#errors}`));
      else this.#child.stdin.write(`${JSON.stringify({ id, do: what, ...parameters })}\n`);
    });
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended.catch(() => {});
  }

  #answered(line: string): void {
    const answer = JSON.parse(line) as { id: number; ok?: unknown; error?: string };
    const asked = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) asked?.resolve(answer.ok);
    else asked?.reject(new Error(answer.error));
  }

  #fail(error: Error): void {
    for (const asked of this.#waiting.values()) asked.reject(error);
    this.#waiting.clear();
  }
}
