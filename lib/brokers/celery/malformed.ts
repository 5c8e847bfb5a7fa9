import type { LogEvent } from "../../model/event.ts";

const RAW_CHARACTERS = 4_096;
const KINDS = 1_000;
/** When nobody asked for so long, this replica did not lead: what was counted meanwhile is the leader's to tell. */
const FORGET_AFTER_MS = 60_000;

interface Kind {
  where: string;
  reason: string;
  raw: string | undefined;
  count: number;
  toldAt: number;
}

/**
 * What on the broker could not be read, counted by place and reason. Each kind is told when it is first met and then at
 * most once in a while, with the count since, so that a flood of bad messages is a number and not a flood of events.
 */
export class Malformed {
  readonly #everyMs: number;
  readonly #kinds = new Map<string, Kind>();
  #takenAt: number;

  constructor(everyMs = 10_000, now = Date.now()) {
    this.#everyMs = everyMs;
    this.#takenAt = now;
  }

  report(where: string, reason: string, raw?: string): void {
    // Where in a text something is wrong makes no kind of its own.
    const key = `${where}\0${reason.replace(/\d+/g, "0")}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      if (this.#kinds.size >= KINDS && where !== "elsewhere") {
        this.report("elsewhere", "more kinds of malformed input than are told apart", raw);
        return;
      }
      kind = { where, reason, raw: undefined, count: 0, toldAt: 0 };
      this.#kinds.set(key, kind);
    }
    kind.count += 1;
    // Of a flood the first one is as good as any: copying each would cost more than reading it.
    if (raw !== undefined && kind.count === 1) kind.raw = raw.slice(0, RAW_CHARACTERS);
  }

  /** What is due to be told. Called by the leader every few seconds. */
  take(now: number): LogEvent[] {
    if (now - this.#takenAt > FORGET_AFTER_MS) this.#kinds.clear();
    this.#takenAt = now;
    const told: LogEvent[] = [];
    for (const [key, kind] of this.#kinds) {
      if (now - kind.toldAt < this.#everyMs) continue;
      if (kind.count === 0) {
        this.#kinds.delete(key);
        continue;
      }
      told.push({
        type: "log.malformed",
        at: now,
        seenAt: now,
        source: "leader",
        count: kind.count,
        details: JSON.stringify({ where: kind.where, reason: kind.reason }),
        ...(kind.raw === undefined ? {} : { payload: { raw: kind.raw } }),
      });
      kind.count = 0;
      kind.toldAt = now;
    }
    return told;
  }
}
