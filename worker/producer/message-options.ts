import type { TaskToSend } from "../../lib/wire/celery/encode-task.ts";
import { parseTime } from "../../lib/wire/celery/time.ts";
import { entriesOf, numberOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value, dict, isTagged } from "../../lib/wire/python/value.ts";
import { encodeKombuJson } from "../../lib/wire/serialize/json.ts";
import { AppError } from "../../lib/errors.ts";
import { saferepr } from "../../lib/wire/python/saferepr.ts";
import { signaturesIn } from "./signature.ts";

export interface Call {
  name: string;
  args: Value[];
  kwargs: [string, Value][];
  /** Of `apply_async`, under Celery's names. */
  options: ReadonlyMap<string, Value>;
  /** Whether Python would have the arguments as a list, and not as a tuple. */
  argsAreList?: boolean;
}

/** What a message says of the process that sends it. */
export interface Sender {
  origin: string;
  replyTo: string;
}

/** Where a call goes and what its message holds. Throws `bad-input` for what cannot be sent. */
export function messageOf(
  { name, args, kwargs, options, argsAreList = false }: Call,
  target: { queue: string; id: string; deliveryTag: string; now: number },
  sender: Sender,
): TaskToSend {
  const text = (option: string) => textOf(options.get(option));
  const number = (option: string) => numberOf(options.get(option));
  const kwargsValue = dict(kwargs);
  const countdown = number("countdown");
  const expiresAt = timeOf(options.get("expires"), target.now);
  const ignoreResult = options.get("ignore_result");
  const stamps = stampsOf(options);
  const exchange = text("exchange");
  return {
    id: target.id,
    name,
    argsJson: json(args),
    kwargsJson: json(kwargsValue),
    embedJson: json(
      dict([
        ["callbacks", listOrNull(options.get("link"))],
        ["errbacks", listOrNull(options.get("link_error"))],
        ["chain", options.get("chain") ?? null],
        ["chord", options.get("chord") ?? null],
      ]),
    ),
    queue: target.queue,
    ...(exchange ? { exchange, routingKey: text("routing_key") ?? "" } : {}),
    priority: number("priority") ?? 0,
    deliveryTag: target.deliveryTag,
    origin: text("origin") ?? sender.origin,
    replyTo: text("reply_to") ?? sender.replyTo,
    expiration: expiresAt === null ? null : Math.max(expiresAt - target.now, 0),
    argsRepr: text("argsrepr") ?? saferepr(argsAreList ? args : { $: "tuple", items: args }),
    kwargsRepr: text("kwargsrepr") ?? saferepr(kwargsValue),
    retries: number("retries") ?? 0,
    etaAt: countdown ? target.now + countdown * 1000 : timeOf(options.get("eta"), target.now), // no delay, no eta, as in Celery
    expiresAt,
    groupId: text("group_id"),
    groupIndex: number("group_index"),
    rootId: text("root_id") ?? target.id,
    parentId: text("parent_id"),
    shadow: text("shadow"),
    hardLimitMs: ms(number("time_limit")),
    softLimitMs: ms(number("soft_time_limit")),
    ignoreResult: typeof ignoreResult === "boolean" ? ignoreResult : null,
    replacedTaskNesting: number("replaced_task_nesting") ?? 0,
    stamps,
    customHeaders: entriesOf(options.get("headers")).filter(([header]) => header !== "stamped_headers" && header !== "stamps"),
  };
}

/** Stamps are options of their own; `stamped_headers` says which. A stamp that is no list becomes one on the wire of a canvas. */
function stampsOf(options: ReadonlyMap<string, Value>): [string, Value][] {
  const names = signaturesIn(options.get("stamped_headers")).filter((name) => typeof name === "string");
  return names.map((name) => [name, options.get(name) ?? null]);
}

/** Epoch ms of a time as canvases carry it: ISO text, a datetime, or seconds from now. */
function timeOf(value: Value | undefined, now: number): number | null {
  if (value === undefined || value === null) return null;
  const seconds = numberOf(value);
  if (seconds !== null) return now + seconds * 1000;
  const at = parseTime(typeof value === "string" ? value : isTagged(value) && value.$ === "datetime" ? value.text : "");
  if (at === null) throw new AppError("bad-input", "eta or expires is no time");
  return at;
}

function ms(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

function listOrNull(option: Value | undefined): Value {
  const list = signaturesIn(option);
  return list.length === 0 ? null : list;
}

function json(value: Value): string {
  const text = encodeKombuJson(value);
  if (!text.ok) throw new AppError("bad-input", text.reason);
  return text.value;
}
