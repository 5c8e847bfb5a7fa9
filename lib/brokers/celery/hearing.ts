import type { Event } from "../../model/event.ts";
import { decodeEvents } from "../../wire/celery/event.ts";
import type { Sink } from "../broker.ts";
import { TOO_LONG } from "./bounded.ts";
import { fromEvent } from "./from-event.ts";
import type { Malformed } from "./malformed.ts";
import type { QueueNames } from "./queue-names.ts";
import type { Runs } from "./runs.ts";

/** What is published as Celery's events, told in our words. */
export class Hearing {
  readonly #runs: Runs;
  readonly #names: Pick<QueueNames, "add">;
  readonly #malformed: Malformed;

  constructor(parts: { runs: Runs; names: Pick<QueueNames, "add">; malformed: Malformed }) {
    this.#runs = parts.runs;
    this.#names = parts.names;
    this.#malformed = parts.malformed;
  }

  /** Never throws, whatever was published. */
  hear(message: Buffer, at: number, sink: Sink): void {
    const text = message.toString();
    const batch = decodeEvents(text);
    if (!batch.ok) {
      this.#malformed.report("events", batch.reason, text);
      return;
    }
    for (const problem of batch.value.problems) this.#malformed.report("events", problem, text);
    const heard: Event[] = [];
    for (const one of batch.value.events) {
      if (one.type === "other") continue;
      const event = fromEvent(one, at, this.#runs);
      if (event === undefined) {
        this.#malformed.report("events", TOO_LONG, text);
        continue;
      }
      if (event.at === at && one.at !== at) this.#malformed.report("events", "a time is out of bounds", text);
      if (one.type === "task-sent" && one.queue !== null) this.#names.add(one.queue, at);
      heard.push(event);
    }
    if (heard.length > 0) sink(heard);
  }
}
