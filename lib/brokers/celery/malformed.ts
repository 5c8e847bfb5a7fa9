import type { LogData, LogEvent } from "../../model/event.ts";
import type { TaskMessage } from "../../wire/celery/task-message.ts";
import type { Reaction } from "../../wire/celery/worker-effect.ts";
import { boundedId, TOO_LONG } from "./bounded.ts";
import { problemsOf } from "./from-message.ts";

const SAMPLE_CHARACTERS = 1_000;
/** Reasons and places can hold names from the broker, of any length. */
const WORD_CHARACTERS = 600;
const KINDS = 1_000;
/** When nobody asked for so long, this replica did not lead: what was counted meanwhile is the leader's to tell. */
const FORGET_AFTER_MS = 60_000;

const LOOPS: ReadonlySet<Reaction> = new Set<Reaction>(["crash-loop", "reconnect-loop"]);

interface Kind {
  data: LogData;
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

  /** `raw` is one of what could not be read; `isPoison` as in `LogData`. */
  report(where: string, reason: string, raw?: string, isPoison = false): void {
    const data: LogData = {
      where: cut(where, WORD_CHARACTERS),
      reason: cut(reason, WORD_CHARACTERS),
      ...(isPoison ? { poison: true } : {}),
    };
    // Where in a text something is wrong makes no kind of its own.
    const key = `${data.where}\0${data.reason.replace(/\d+/g, "0")}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      if (this.#kinds.size >= KINDS && where !== "elsewhere") {
        this.report("elsewhere", "more kinds of malformed input than are told apart", raw);
        return;
      }
      kind = { data, count: 0, toldAt: 0 };
      this.#kinds.set(key, kind);
    }
    kind.count += 1;
    // Of a flood the first one is as good as any: copying each would cost more than reading it.
    if (raw !== undefined && kind.count === 1) kind.data.sample = cut(raw, SAMPLE_CHARACTERS);
  }

  /** A task's message, if anything is wrong with it: it counts once, by what is worst. */
  message(where: string, message: TaskMessage): void {
    const [worst] = problemsOf(message);
    const isPoison = [message.effect.upTo56, message.effect.from57].some((reaction) => LOOPS.has(reaction));
    if (worst !== undefined) this.report(where, worst, message.envelope.raw, isPoison);
    else if (boundedId(message.id) === undefined) this.report(where, TOO_LONG, message.envelope.raw);
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
        details: JSON.stringify(kind.data),
      });
      kind.count = 0;
      kind.toldAt = now;
    }
    return told;
  }
}

/** A copy: a slice would keep all of the text that it was taken from. */
function cut(text: string, length: number): string {
  return text.length > length ? `${Buffer.from(text.slice(0, length - 1)).toString()}…` : text;
}
