import type { LogEvent } from "../../model/event.ts";

const RAW_CHARACTERS = 4_096;
const KINDS = 1_000;

/**
 * What on the broker could not be read, counted by place and reason. Each kind is told when it is first met and then at
 * most once in a while, with the count since, so that a flood of bad messages is a number and not a flood of events.
 */
export class Malformed {
  readonly #everyMs: number;
  readonly #kinds = new Map<string, { where: string; reason: string; raw: string | undefined; count: number; toldAt: number }>();

  constructor(everyMs = 10_000) {
    this.#everyMs = everyMs;
  }

  report(where: string, reason: string, raw?: string, count = 1): void {
    const key = `${where}\0${reason}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      if (this.#kinds.size >= KINDS && where !== "elsewhere") {
        this.report("elsewhere", "more kinds of malformed input than are told apart", raw, count);
        return;
      }
      kind = { where, reason, raw: undefined, count: 0, toldAt: 0 };
      this.#kinds.set(key, kind);
    }
    kind.count += count;
    if (raw !== undefined) kind.raw = raw.slice(0, RAW_CHARACTERS);
  }

  /** What is due to be told. */
  take(now: number): LogEvent[] {
    const due = [...this.#kinds.values()].filter((kind) => kind.count > 0 && now - kind.toldAt >= this.#everyMs);
    return due.map((kind) => {
      const event: LogEvent = {
        type: "log.malformed",
        at: now,
        seenAt: now,
        source: "leader",
        count: kind.count,
        details: JSON.stringify({ where: kind.where, reason: kind.reason }),
        ...(kind.raw === undefined ? {} : { payload: { raw: kind.raw } }),
      };
      kind.count = 0;
      kind.toldAt = now;
      return event;
    });
  }
}
