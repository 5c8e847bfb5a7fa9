import { loadavg, type } from "node:os";
import { floatValue } from "../../lib/wire/python/number.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { EventDispatcher } from "./dispatcher.ts";
import type { EventFields } from "./event-publisher.ts";

/** The release whose protocol this worker speaks; the identity says that it is no Python. */
export const SOFTWARE: EventFields = [
  ["sw_ident", "js-celery"],
  ["sw_ver", "5.7.0"],
  ["sw_sys", type()],
];

export interface Pulse {
  /** Tasks that run. */
  active: number;
  /** Tasks begun since the worker started. */
  processed: number;
}

/** Tells that the worker is there: `worker-online`, a heartbeat each interval, `worker-offline` (Celery 5.7, `worker/heartbeat.py`). */
export class Heart {
  readonly #dispatcher: EventDispatcher;
  readonly #intervalMs: number;
  readonly #pulse: () => Pulse;
  #timer: NodeJS.Timeout | undefined;

  constructor(dispatcher: EventDispatcher, intervalMs: number, pulse: () => Pulse) {
    this.#dispatcher = dispatcher;
    this.#intervalMs = intervalMs;
    this.#pulse = pulse;
  }

  start(): void {
    this.#beat("worker-online");
    this.#timer = setInterval(() => this.#beat("worker-heartbeat"), this.#intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#beat("worker-offline");
  }

  #beat(event: string): void {
    const { active, processed } = this.#pulse();
    this.#dispatcher.send(event, [
      ["freq", floatValue(this.#intervalMs / 1000)],
      ["active", active],
      ["processed", processed],
      ["loadavg", loadavg().map((load): Value => floatValue(Math.round(load * 100) / 100))],
      ...SOFTWARE,
    ]);
  }
}
