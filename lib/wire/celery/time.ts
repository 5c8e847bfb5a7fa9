const ISO_TIME =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?)?)?$/i;

/**
 * Epoch ms (microseconds as fraction) of an ISO 8601 text such as Python's `isoformat()` writes, or null when it is none.
 * A text without offset is UTC: so Celery reads `eta` and `expires`, and so 5.2 and 5.3 write `date_done`.
 */
export function parseTime(text: string): number | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", , sign, ...offset] = match;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(at);
  const exists =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    date.getUTCHours() === Number(hour) &&
    date.getUTCMinutes() === Number(minute) &&
    date.getUTCSeconds() === Number(second);
  if (!exists) return null;
  const [offsetHours = "0", offsetMinutes = "0", offsetSeconds = "0"] = offset;
  const eastSeconds = Number(offsetHours) * 3600 + Number(offsetMinutes) * 60 + Number(offsetSeconds);
  return at + Number(fraction.padEnd(6, "0").slice(0, 6)) / 1000 - (sign === "-" ? -1 : 1) * eastSeconds * 1000;
}

/** As Python's `isoformat()` writes a UTC time: microseconds only where there are some. (Celery before 5.3 reads no milliseconds.) */
export function formatTime(at: number): string {
  const micros = Math.round(at * 1000);
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  const second = new Date((micros - fraction) / 1000).toISOString().slice(0, -".000Z".length);
  return `${second}${fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`}+00:00`;
}

/** The same with the offset that another text of a time has; without one it is UTC. */
export function formatTimeLike(at: number, text: string): string {
  const [offset, sign, hours = "0", minutes = "0"] = /([+-])(\d\d):?(\d\d)?$/.exec(text.slice("2024-01-01".length)) ?? [];
  if (offset === undefined) return formatTime(at);
  const eastMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return formatTime(at + eastMs).replace(/\+00:00$/, `${sign}${hours}:${minutes.padStart(2, "0")}`);
}

/** Epoch ms of epoch seconds, to the microsecond, or null when it is no finite number. */
export function secondsToMs(seconds: unknown): number | null {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return null;
  const ms = Math.round(seconds * 1e6) / 1000;
  return Number.isFinite(ms) ? ms : null;
}
