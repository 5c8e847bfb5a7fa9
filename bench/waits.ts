import { waitedMs } from "./usage.ts";

/**
 * How long those who take part in an answer had to wait for a core: on a machine that others use as well this is theirs, not the
 * answer's. One waits at a time, because one asks and the other answers.
 */
export class Waits {
  readonly #pids: readonly number[];
  #before = 0;

  /** Our own thread is one of them. */
  constructor(...pids: number[]) {
    this.#pids = [process.pid, ...pids];
  }

  begin(): void {
    this.#before = this.#sum();
  }

  /** Milliseconds since `begin`. */
  end(): number {
    return this.#sum() - this.#before;
  }

  #sum(): number {
    return this.#pids.reduce((sum, pid) => sum + waitedMs(pid), 0);
  }
}
