/**
 * Settings are read from text (options, variables) and from YAML alike. Each function answers undefined for what it cannot read,
 * never the value itself: it may hold a password.
 */

export function readText(raw: unknown): string | undefined {
  return typeof raw === "string" ? raw : undefined;
}

export function readFlag(raw: unknown): boolean | undefined {
  if (raw === true || raw === "true" || raw === "1") return true;
  return raw === false || raw === "false" || raw === "0" ? false : undefined;
}

export function readPort(raw: unknown): number | undefined {
  const port = readWhole(raw);
  return port !== undefined && port <= 65_535 ? port : undefined;
}

export function readCount(raw: unknown): number | undefined {
  const count = readWhole(raw);
  return count !== undefined && count > 0 ? count : undefined;
}

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `7d`, `12h`, `30m`: milliseconds. */
export function readDuration(raw: unknown): number | undefined {
  return readQuantity(raw, UNIT_MS);
}

const UNIT_BYTES: Record<string, number> = {
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  b: 1,
};

/** `512MB`, `2GiB` or a number of bytes. */
export function readBytes(raw: unknown): number | undefined {
  return readCount(raw) ?? readQuantity(raw, UNIT_BYTES);
}

/** The greatest that may be told from its neighbours, and from a queue's own numbers. */
const HIGHEST_PRIORITY = 255;

/** `0,3,6,9` or a YAML list of numbers: ascending from 0, because step 0 is the list that has the queue's own name. */
export function readSteps(raw: unknown): number[] | undefined {
  const parts = typeof raw === "string" ? raw.split(",") : Array.isArray(raw) ? (raw as unknown[]) : [];
  const steps: number[] = [];
  for (const part of parts) {
    const step = readWhole(part);
    const last = steps.at(-1);
    if (step === undefined || step > HIGHEST_PRIORITY || (last === undefined ? step !== 0 : step <= last)) return undefined;
    steps.push(step);
  }
  return steps.length > 0 ? steps : undefined;
}

/** Next writes the prefix into regular expressions and scripts: nothing in it may mean something there. */
const PREFIX = /^(?:\/[A-Za-z0-9_-]+)*$/;

/** `/ops/celery`, with or without a slash at its end; the root is the empty text. */
export function readPrefix(raw: unknown): string | undefined {
  const prefix = readText(raw)?.replace(/\/$/, "");
  return prefix !== undefined && PREFIX.test(prefix) ? prefix : undefined;
}

const HOST_NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** A YAML list, or a text with blanks or commas between names. */
export function readHostNames(raw: unknown): string[] | undefined {
  const names = (Array.isArray(raw) ? (raw as unknown[]) : [raw]).flatMap((part) =>
    typeof part === "string" ? part.trim().split(/[\s,]+/) : [part],
  );
  return names.every((name): name is string => typeof name === "string" && HOST_NAME.test(name)) ? names : undefined;
}

const REDIS_PROTOCOLS = ["redis:", "rediss:", "unix:", "redis+socket:"];

export function readRedisUrl(raw: unknown): string | undefined {
  const url = readText(raw)?.trim();
  return url !== undefined && URL.canParse(url) && REDIS_PROTOCOLS.includes(new URL(url).protocol) ? url : undefined;
}

/** A YAML list, or a text with blanks between URLs: commas are at home in passwords. */
export function readRedisUrls(raw: unknown): string[] | undefined {
  const parts = (Array.isArray(raw) ? (raw as unknown[]) : [raw]).flatMap((part) =>
    typeof part === "string" ? part.trim().split(/\s+/) : [part],
  );
  const urls = parts.map(readRedisUrl);
  return urls.length > 0 && urls.every((url) => url !== undefined) ? urls : undefined;
}

function readWhole(raw: unknown): number | undefined {
  if (typeof raw === "string") return /^\s*\d{1,15}\s*$/.test(raw) ? Number(raw) : undefined;
  return typeof raw === "number" && Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
}

function readQuantity(raw: unknown, units: Record<string, number>): number | undefined {
  const match = typeof raw === "string" ? /^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]+)\s*$/i.exec(raw) : null;
  const unit = units[match?.[2]?.toLowerCase() ?? ""];
  if (match === null || unit === undefined) return undefined;
  const quantity = Math.round(Number(match[1]) * unit);
  return quantity > 0 ? quantity : undefined;
}
