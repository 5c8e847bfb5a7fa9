import { numberOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value, get } from "../../lib/wire/python/value.ts";
import type { EventPublisher } from "../events/event-publisher.ts";
import type { LamportClock } from "../events/lamport-clock.ts";

/** A worker counts as there for so many of its heartbeats. */
const BEATS = 2;
const USUAL_BEAT_S = 2;

interface Candidate {
  clock: number;
  node: string;
  topic: string;
  action: Value;
}

/**
 * What workers tell each other through their events (Celery 5.7, `worker/consumer/gossip.py`): clocks are brought forward, and
 * elections find one among those that hear a request, which every one of them votes for.
 */
export class Gossip {
  readonly #publisher: EventPublisher;
  readonly #clock: LamportClock;
  /** Called on the node that has won, with what was to be done. */
  readonly #elected: (topic: string, action: Value) => void;
  /** Node → until when it counts as there, epoch ms. */
  readonly #alive = new Map<string, number>();
  readonly #candidates = new Map<string, Candidate[]>();
  readonly #votes = new Map<string, Set<string>>();

  constructor(options: { publisher: EventPublisher; clock: LamportClock; elected: (topic: string, action: Value) => void }) {
    this.#publisher = options.publisher;
    this.#clock = options.clock;
    this.#elected = options.elected;
  }

  /** Stands for election; everybody who was asked does. */
  elect(id: string, topic: string, action: Value): void {
    this.#votes.set(id, new Set());
    const event = this.#publisher.make("worker-elect", [
      ["id", id],
      ["topic", topic],
      ["action", action],
      ["cver", 1],
    ]);
    this.#candidate(id, { clock: event.clock, node: this.#publisher.hostname, topic, action });
    this.#publisher.publish(event);
    this.#vote(id, this.#publisher.hostname);
  }

  /** An event of another worker. */
  heard(event: Value): void {
    const type = textOf(get(event, "type")) ?? "";
    const node = textOf(get(event, "hostname"));
    const clock = numberOf(get(event, "clock"));
    if (node === null) return;
    if (clock !== null) this.#clock.adjust(clock);
    if (type === "worker-offline") this.#alive.delete(node);
    else this.#alive.set(node, Date.now() + BEATS * 1000 * (numberOf(get(event, "freq")) ?? USUAL_BEAT_S));
    const id = textOf(get(event, "id"));
    if (id === null) return;
    if (type === "worker-elect") {
      this.#candidate(id, { clock: clock ?? 0, node, topic: textOf(get(event, "topic")) ?? "", action: get(event, "action") ?? null });
      this.#publisher.publish(this.#publisher.make("worker-elect-ack", [["id", id]]));
    } else if (type === "worker-elect-ack") {
      this.#vote(id, node);
    }
  }

  #candidate(id: string, candidate: Candidate): void {
    this.#candidates.set(id, [...(this.#candidates.get(id) ?? []), candidate]);
  }

  /** With the last vote the smallest clock wins, and of equal ones the first name. */
  #vote(id: string, node: string): void {
    const votes = this.#votes.get(id);
    if (votes === undefined) return;
    votes.add(node);
    const now = Date.now();
    if ([...this.#alive].some(([other, until]) => until > now && !votes.has(other))) return;
    this.#votes.delete(id);
    const [winner] = (this.#candidates.get(id) ?? []).sort((a, b) => a.clock - b.clock || (a.node < b.node ? -1 : 1));
    this.#candidates.delete(id);
    if (winner?.node === this.#publisher.hostname) this.#elected(winner.topic, winner.action);
  }
}
