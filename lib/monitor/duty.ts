import { setTimeout as delay } from "node:timers/promises";
import { reasonOf } from "../errors.ts";

/** A long-running part of the monitor. Returns when the signal fires; what it throws is logged, and it is started again. */
export interface Duty {
  name: string;
  run(signal: AbortSignal): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A duty that ran this long before it failed starts over with the shortest pause. */
const RECOVERED_AFTER_MS = 60_000;

/** Keeps a duty running until the signal fires, with growing pauses between failures. `onTrouble` hears each of them. */
export async function keepRunning(duty: Duty, signal: AbortSignal, onTrouble: (name: string, reason: string) => void): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const begunAt = Date.now();
    try {
      await duty.run(signal);
      if (signal.aborted) return;
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(duty.name, reasonOf(error));
    }
    if (Date.now() - begunAt > RECOVERED_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
    await sleep(pauseMs * (0.5 + Math.random()), signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Resolves after so many ms, or at once when the signal fires. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: true }).catch(() => undefined);
}

/** Calls `act` now and then every so many ms, never twice at once, until the signal fires. */
export async function every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const begunAt = Date.now();
    await act();
    await sleep(Math.max(0, begunAt + ms - Date.now()), signal);
  }
}
