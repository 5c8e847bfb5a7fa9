import type { Redis } from "ioredis";

/** Where the bad input goes: the databases of one application. */
export interface Target {
  broker: Redis;
  results: Redis;
  /** Number of the broker's database, which is in the names of its channels. */
  database: number;
  /** A queue that the monitor knows. */
  queue: string;
}

/** One sort of input that no well-behaved program writes, or that is right and yet a strain. */
export interface MalformedCase {
  name: string;
  place: "queue" | "unacked" | "event" | "result" | "binding" | "key";
  /**
   * How much of it a monitor can read. `nothing`: it says that something there is unreadable, and why. `part`: it shows the
   * task, event or result by what can be read, invents nothing, and says what could not. `all`: odd but right, so that it is
   * shown like any other, and nothing is reported.
   */
  readable: "nothing" | "part" | "all";
  /** What a monitor should say or do, where that is not plain from the name. */
  says?: string;
  put(target: Target): Promise<unknown>;
}

export interface Envelope {
  body?: unknown;
  headers?: unknown;
  properties?: unknown;
  [key: string]: unknown;
}

export const EMBED = { callbacks: null, errbacks: null, chain: null, chord: null };

let lastId = 0;

/** A task id like Celery's, different at each call. */
export function taskId(): string {
  lastId += 1;
  return `bad0bad0-0000-4000-8000-${lastId.toString(16).padStart(12, "0")}`;
}

export function base64(value: string | Buffer): string {
  return Buffer.from(value).toString("base64");
}

/** The body of `fleet.add(1, 2)`. */
export const GOOD_BODY = base64(JSON.stringify([[1, 2], {}, EMBED]));

/** A right message of `fleet.add(1, 2)`, with the given parts in place of its own; `undefined` removes one. */
export function message(changes: { headers?: object; properties?: object; envelope?: Envelope } = {}): string {
  const id = taskId();
  return JSON.stringify({
    body: GOOD_BODY,
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: {
      lang: "py",
      task: "fleet.add",
      id,
      shadow: null,
      eta: null,
      expires: null,
      group: null,
      group_index: null,
      retries: 0,
      timelimit: [null, null],
      root_id: id,
      parent_id: null,
      argsrepr: "(1, 2)",
      kwargsrepr: "{}",
      origin: "gen1@malformed",
      ignore_result: false,
      replaced_task_nesting: 0,
      stamped_headers: null,
      stamps: {},
      ...changes.headers,
    },
    properties: {
      correlation_id: id,
      reply_to: "",
      delivery_mode: 2,
      delivery_info: { exchange: "", routing_key: "default" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: taskId(),
      ...changes.properties,
    },
    ...changes.envelope,
  });
}

/** A right message with another body, given as the text or bytes before base64. */
export function withBody(body: string | Buffer, contentType = "application/json", headers: object = {}): string {
  return message({ headers, envelope: { body: base64(body), "content-type": contentType } });
}

export function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

export const MEGABYTE = "m".repeat(1_000_000);
/** Markup, control characters, a right-to-left override and half a surrogate pair: hostile to screens, logs and encoders. */
export const HOSTILE = "<script>alert(1)</script>\u0000\u001b[31m\r\n\u202e'\"`${7*7}\ud83c";
export const YEAR_9999 = "9999-12-31T23:59:59.999999+00:00";
