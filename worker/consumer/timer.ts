/** The longest wait that a timer of Node holds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls back at a time, however far off. `armed` is told of each timer that this needs. */
export function at(time: number, armed: (timer: NodeJS.Timeout) => void, callback: () => void): NodeJS.Timeout {
  const waitMs = Math.max(0, time - Date.now());
  if (waitMs <= LONGEST_MS) return setTimeout(callback, waitMs);
  return setTimeout(() => armed(at(time, armed, callback)), LONGEST_MS);
}
