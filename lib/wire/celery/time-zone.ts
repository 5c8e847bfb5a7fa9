const DAY_MS = 86_400_000;

/**
 * The clocks of a zone. What they show is a wall time: epoch ms as if the clock were UTC's. Which of the two times a wall time
 * means that is shown twice is told as Python tells it (PEP 495): fold 0 is the first, 1 the second. One that is never shown
 * is read with the offset before the jump for fold 0, after it for 1.
 */
export interface TimeZone {
  /** As it was given. */
  name: string;
  /** Wall time at an epoch ms. */
  wallAt(at: number): number;
  /** Epoch ms of a wall time. */
  timeAt(wallAt: number, fold?: 0 | 1): number;
}

/** The zone of an IANA name, or null when nobody knows it. */
export function timeZone(name: string): TimeZone | null {
  const format = offsetFormat(name);
  if (format === null) return null;
  const offsetAt = (at: number) => offsetOf(format, at);
  return {
    name,
    wallAt: (at) => at + offsetAt(at),
    timeAt: (wallAt, fold = 0) => {
      // A day away lies surely on the other side of a jump, whatever the offset is.
      const before = wallAt - offsetAt(wallAt - DAY_MS);
      const after = wallAt - offsetAt(wallAt + DAY_MS);
      if (before === after) return before;
      const isShown = (at: number) => at + offsetAt(at) === wallAt;
      if (isShown(before) === isShown(after)) return fold === 0 ? before : after;
      return isShown(before) ? before : after;
    },
  };
}

function offsetFormat(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return null;
  }
}

/** How far the clocks are ahead of UTC, in ms. */
function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match ?? [];
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}
