import { setTimeout as delay } from "node:timers/promises";
import { reasonOf } from "../errors.ts";

/** A long-running part of the monitor. Returns when the signal fires; what it throws is logged, and it is started again. */
export interface Duty {
  name: string;
  run(signal: AbortSignal): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
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

/** Resolves when the signal fires, if `wanted` does not before. */
export async function orAborted(wanted: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = (): void => resolve();
  signal.addEventListener("abort", abort, { once: true });
  await Promise.race([wanted, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

/** Runs parts side by side. When one fails the others are told to end, and all have ended before its error is thrown on. */
export async function together(signal: AbortSignal, parts: readonly ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
  const failing = new AbortController();
  const until = AbortSignal.any([signal, failing.signal]);
  const errors: unknown[] = [];
  const run = async (part: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    try {
      await part(until);
    } catch (error) {
      errors.push(error);
      failing.abort();
    }
  };
  await Promise.all(parts.map(run));
  if (errors.length > 0) throw errors[0];
}

/** Calls `act` now and then every so many ms, never twice at once, until the signal fires. */
export async function every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const begunAt = Date.now();
    await act();
    await sleep(Math.max(0, begunAt + ms - Date.now()), signal);
  }
}
