import type { EventToSend } from "../../lib/wire/celery/encode-event.ts";
import type { EventFields, EventPublisher } from "./event-publisher.ts";

/** As many task events as Celery 5.7 publishes in one message at most (`buffer_limit`). */
const LONGEST_BATCH = 24;

/**
 * A worker's events (Celery 5.7, `celery.events.EventDispatcher`). Those about tasks are collected within one turn of the event
 * loop and published as one list; the others go out alone and at once.
 */
export class EventDispatcher {
  readonly #publisher: EventPublisher;
  /** Null sends everything, and cannot be switched off from outside: a worker that was started with events. */
  readonly #groups: Set<string> | null;
  #batch: EventToSend[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(publisher: EventPublisher, options: { taskEvents: boolean }) {
    this.#publisher = publisher;
    this.#groups = options.taskEvents ? null : new Set(["worker"]);
  }

  /** @param type `group-subject` */
  send(type: string, fields: EventFields): void {
    const group = type.slice(0, type.indexOf("-"));
    if (this.#groups !== null && !this.#groups.has(group)) return;
    const event = this.#publisher.make(type, fields);
    if (group !== "task") return this.#publisher.publish(event);
    this.#batch.push(event);
    if (this.#batch.length >= LONGEST_BATCH) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#publisher.publishBatch("task", batch);
  }

  /** Resolves when all that was sent is published. */
  async settled(): Promise<void> {
    this.flush();
    await this.#publisher.settled();
  }

  /** Whether that changed anything. */
  enableTaskEvents(): boolean {
    if (this.#groups === null || this.#groups.has("task")) return false;
    this.#groups.add("task");
    return true;
  }

  /** Whether that changed anything. */
  disableTaskEvents(): boolean {
    return this.#groups?.delete("task") ?? false;
  }
}
