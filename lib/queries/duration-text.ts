const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in ms as a person says it, with two or three digits: `840 ms`, `5.0 s`, `6 min`, `3 h 12 min`, `2 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  if (ms < 9.95) return `${trimmed(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / SECOND)} s`;
  if (ms < 59.5 * MINUTE) return `${Math.round(ms / MINUTE)} min`;
  if (ms < DAY - MINUTE / 2) return inTwo(Math.round(ms / MINUTE), 60, "h", "min");
  return inTwo(Math.round(ms / HOUR), 24, "d", "h");
}

function inTwo(small: number, size: number, large: string, unit: string): string {
  const rest = small % size;
  const whole = `${Math.floor(small / size)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${unit}`;
}

function trimmed(digits: string): string {
  return digits.replace(/\.0$/, "");
}
