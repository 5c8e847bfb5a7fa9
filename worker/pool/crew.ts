import { reasonOf } from "../../lib/errors.ts";
import type { Log } from "../log.ts";
import type { PoolChild } from "./pool-child.ts";
import { Reaper } from "./reaper.ts";

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

type State = "starting" | "free" | "busy";

export interface CrewOptions {
  size: number;
  begin: (place: number) => PoolChild;
  /** Called when there is a child that nobody has taken. */
  onFree: () => void;
  log: Log;
}

/** Keeps as many child processes as are wanted: one that has ended is replaced, one that cannot begin is tried again after a while. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<PoolChild, State>();
  /** Those that end, and are not counted any more. */
  readonly #leaving = new Set<PoolChild>();
  /** Those that leave after their task. */
  readonly #tired = new WeakSet<PoolChild>();
  #reaper: Reaper | null = null;
  #size: number;
  #isStopped = false;
  #failures = 0;
  #pause: NodeJS.Timeout | null = null;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#size = options.size;
  }

  get size(): number {
    return this.#size;
  }

  get pids(): number[] {
    return Array.from(this.#members.keys(), ({ pid }) => pid);
  }

  /** Resolves when it is known of all how they begin. Rejects when none of them can: then none will be there. */
  async start(): Promise<void> {
    this.#reaper = new Reaper(this.#options.log);
    this.#fill();
    const begun = await Promise.allSettled(Array.from(this.#members.keys(), ({ ready }) => ready));
    const [first] = begun;
    if (first?.status === "rejected" && begun.every(({ status }) => status === "rejected")) {
      await this.stop();
      throw first.reason;
    }
  }

  /** A child that is free, until it is given back; null when there is none. */
  take(): PoolChild | null {
    for (const [child, state] of this.#members) {
      if (state !== "free") continue;
      this.#members.set(child, "busy");
      this.#failures = 0;
      return child;
    }
    return null;
  }

  /** @param isWorn whether another shall take its place, as always when it was killed */
  giveBack(child: PoolChild, isWorn: boolean): void {
    if (!this.#members.has(child) || child.end !== "") return;
    if (isWorn || child.wasKilled || this.#tired.has(child) || this.#members.size > this.#size) return this.#dismiss(child);
    this.#members.set(child, "free");
    this.#options.onFree();
  }

  resize(size: number): void {
    this.#size = size;
    for (const child of this.#idle().slice(0, Math.max(0, this.#members.size - size))) this.#dismiss(child);
    this.#fill();
  }

  /** Replaces all. */
  restart(): void {
    for (const child of this.#members.keys()) this.#tired.add(child);
    for (const child of this.#idle()) this.#dismiss(child);
  }

  /** Resolves when all are gone; those that are busy are killed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#pause ?? undefined);
    for (const [child, state] of this.#members) {
      if (state === "busy") child.kill("SIGKILL");
      else this.#dismiss(child);
    }
    await Promise.all(this.#all().map(({ gone }) => gone));
    this.#reaper?.stop();
  }

  #all(): PoolChild[] {
    return [...this.#members.keys(), ...this.#leaving];
  }

  #idle(): PoolChild[] {
    return [...this.#members].flatMap(([child, state]) => (state === "busy" ? [] : [child]));
  }

  #fill(): void {
    while (!this.#isStopped && this.#pause === null && this.#members.size < this.#size) this.#add(this.#options.begin(this.#freePlace()));
  }

  #watch(): void {
    this.#reaper?.watch(this.#all().map(({ pid }) => pid));
  }

  #freePlace(): number {
    const taken = new Set(Array.from(this.#members.keys(), ({ place }) => place));
    let place = 0;
    while (taken.has(place)) place++;
    return place;
  }

  #add(child: PoolChild): void {
    this.#members.set(child, "starting");
    this.#watch();
    const ready = () => {
      if (!this.#members.has(child)) return;
      this.#members.set(child, "free");
      this.#options.onFree();
    };
    const broken = (error: unknown) => {
      if (this.#members.has(child)) this.#options.log({ level: "error", text: reasonOf(error) });
    };
    child.ready.then(ready, broken);
    void child.gone.then(() => this.#lost(child));
  }

  #dismiss(child: PoolChild): void {
    if (this.#members.get(child) === "starting") child.kill("SIGKILL");
    else child.leave();
    this.#members.delete(child);
    this.#leaving.add(child);
    this.#fill();
  }

  #lost(child: PoolChild): void {
    const state = this.#members.get(child);
    this.#leaving.delete(child);
    this.#members.delete(child);
    this.#watch();
    if (state === undefined || this.#isStopped) return;
    const { pid, end, wasKilled } = child;
    if (state !== "starting" && !wasKilled) {
      this.#options.log({ level: "error", text: "a process of the pool has ended by itself", about: { pid, end } });
    }
    // One that ends by itself before it was given a task will most likely do so again.
    if (child.tasks === 0) this.#pauseFilling();
    this.#fill();
  }

  #pauseFilling(): void {
    if (this.#pause !== null) return;
    const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures++;
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#fill();
    }, pauseMs);
  }
}
