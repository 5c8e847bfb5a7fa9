/** ISO 8601 as Python's `isoformat()` writes it; undefined where a part is out of range. */

type Fields = readonly number[];

/** `fields` are year, month, day. */
export function isoDate([year = 0, month = 0, day = 0]: Fields): string | undefined {
  if (!within(year, 1, 9999) || !within(month, 1, 12) || !within(day, 1, 31)) return undefined;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `fields` are hour, minute, second, microsecond; the last ones may be left out. */
export function isoTime([hour = 0, minute = 0, second = 0, micro = 0]: Fields): string | undefined {
  if (!within(hour, 0, 23) || !within(minute, 0, 59) || !within(second, 0, 59) || !within(micro, 0, 999_999)) {
    return undefined;
  }
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${micro ? `.${pad(micro, 6)}` : ""}`;
}

/** `fields` are those of a date, then those of a time. */
export function isoDatetime(fields: Fields): string | undefined {
  const date = isoDate(fields);
  const time = isoTime(fields.slice(3));
  return date && time && `${date}T${time}`;
}

/** `fields` are days, seconds and microseconds of a `timedelta`, in any mixture of signs. Negative: `-P1DT2H`. */
export function isoDuration([days = 0, seconds = 0, micros = 0]: Fields): string | undefined {
  if (![days, seconds, micros].every(Number.isSafeInteger)) return undefined;
  const total = (BigInt(days) * 86_400n + BigInt(seconds)) * 1_000_000n + BigInt(micros);
  const size = total < 0n ? -total : total;
  const second = Number(size % 60_000_000n) / 1e6;
  const minute = (size / 60_000_000n) % 60n;
  const hour = (size / 3_600_000_000n) % 24n;
  const day = size / 86_400_000_000n;
  const time = [hour && `${hour}H`, minute && `${minute}M`, second && `${plainDecimal(second)}S`].filter(Boolean).join("");
  const text = `${day ? `${day}D` : ""}${time && `T${time}`}`;
  return `${total < 0n ? "-" : ""}P${text || "T0S"}`;
}

/** The offset of a time zone from UTC, `+02:00`, from its duration as `isoDuration` writes it. */
export function isoOffset(duration: string): string | undefined {
  const [match, sign, hours = "", minutes = "", seconds] = /^(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) ?? [];
  if (match === undefined) return undefined;
  const second = Number(seconds ?? 0) > 0 ? `:${seconds?.padStart(2, "0")}` : "";
  return `${sign || "+"}${hours.padStart(2, "0")}:${minutes.padStart(2, "0")}${second}`;
}

function plainDecimal(seconds: number): string {
  return seconds.toFixed(6).replace(/\.?0+$/, "");
}

function within(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
