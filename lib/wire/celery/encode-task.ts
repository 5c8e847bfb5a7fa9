import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, dict, get } from "../python/value.ts";
import { decodeJson, encodeKombuJson } from "../serialize/json.ts";
import { encodeEnvelope } from "./encode-envelope.ts";
import { formatTime } from "./time.ts";
import { isDict } from "./value-fields.ts";

/** What a task's message is built from. Ids and tags are the caller's, so that nothing here depends on chance. */
export type TaskToSend = {
  id: string;
  name: string;
  /** JSON texts of the positional and keyword arguments; they go into the body as they are. */
  argsJson: string;
  kwargsJson: string;
  /** JSON text of callbacks, errbacks, chain and chord; without it nothing follows the task. */
  embedJson?: string;
  queue: string;
  /** Where it goes instead through a named exchange; the anonymous one takes the queue for the routing key. */
  exchange?: string;
  routingKey?: string;
  priority: number;
  deliveryTag: string;
  /** Process that sends: `gen123@host`. */
  origin: string;
  /** Language of the sender: `js` unless told. No worker asks for it. */
  lang?: string;
  /** Id of the sender, which only the `rpc://` result backend uses. */
  replyTo?: string;
  /** Milliseconds until `expiresAt` when it was sent; RabbitMQ's, and without effect on Redis. */
  expiration?: number | null;
  /** Texts that events and `inspect` will show for the arguments. Without them they show nothing. */
  argsRepr?: string;
  kwargsRepr?: string;
  retries?: number;
  etaAt?: number | null;
  expiresAt?: number | null;
  groupId?: string | null;
  groupIndex?: number | null;
  /** The task's own id when it is the root. */
  rootId?: string;
  parentId?: string | null;
  shadow?: string | null;
  hardLimitMs?: number | null;
  softLimitMs?: number | null;
  /** Null leaves it to the task, which workers before 5.7 read the same way. */
  ignoreResult?: boolean | null;
  replacedTaskNesting?: number;
  stamps?: readonly [string, Value][];
  customHeaders?: readonly [string, Value][];
};

/**
 * A message of protocol 2 with a JSON body, as Celery 5.2 to 5.7 send and accept it, for LPUSH to the list of the queue's
 * priority step. The exchange is the anonymous one, so no binding is needed. Malformed messages stop Python workers:
 * what is not sure to be read is refused with a reason.
 */
export function encodeTaskMessage(task: TaskToSend): Decoded<string> {
  const missing = (["id", "name", "queue", "deliveryTag"] as const).find((field) => task[field] === "");
  if (missing !== undefined) return undecodable(`the ${missing} is empty`);
  const body = bodyOf(task);
  if (!body.ok) return body;
  const headers = headersOf(task);
  if (!headers.ok) return headers;
  return encodeEnvelope({
    bodyJson: body.value,
    headers: headers.value,
    properties: [
      ["correlation_id", task.id],
      ["reply_to", task.replyTo ?? ""],
    ],
    deliveryMode: 2,
    expiration: task.expiration ?? null,
    exchange: task.exchange ?? "",
    routingKey: task.routingKey ?? task.queue,
    priority: task.priority,
    deliveryTag: task.deliveryTag,
  });
}

const NOTHING_FOLLOWS = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

function bodyOf(task: TaskToSend): Decoded<string> {
  const args = decodeJson(task.argsJson);
  if (!args.ok || !Array.isArray(args.value)) return undecodable("the arguments are no JSON list");
  const kwargs = decodeJson(task.kwargsJson);
  if (!kwargs.ok || !isDict(kwargs.value)) return undecodable("the keyword arguments are no JSON object");
  const embedJson = task.embedJson ?? NOTHING_FOLLOWS;
  const embed = decodeJson(embedJson);
  if (!embed.ok || (embed.value !== null && !isDict(embed.value))) return undecodable("the options are no JSON object");
  // Writing them proves that Python can read them: no unknown `__type__`, nothing cut. What is sent is the text itself.
  const readable = encodeKombuJson([args.value, kwargs.value, embed.value]);
  return readable.ok ? decoded(`[${task.argsJson}, ${task.kwargsJson}, ${embedJson}]`) : readable;
}

function headersOf(task: TaskToSend): Decoded<[string, Value][]> {
  const stamps = task.stamps ?? [];
  const time = (at: number | null | undefined) => (at == null ? null : formatTime(at));
  const own: [string, Value][] = [
    ["lang", task.lang ?? "js"],
    ["task", task.name],
    ["id", task.id],
    ["shadow", task.shadow ?? null],
    ["eta", time(task.etaAt)],
    ["expires", time(task.expiresAt)],
    ["group", task.groupId ?? null],
    ["group_index", task.groupIndex ?? null],
    ["retries", task.retries ?? 0],
    ["timelimit", [seconds(task.hardLimitMs), seconds(task.softLimitMs)]],
    ["root_id", task.rootId ?? task.id],
    ["parent_id", task.parentId ?? null],
    ["argsrepr", task.argsRepr ?? ""],
    ["kwargsrepr", task.kwargsRepr ?? ""],
    ["origin", task.origin],
    ["ignore_result", task.ignoreResult === undefined ? false : task.ignoreResult],
    ["replaced_task_nesting", task.replacedTaskNesting ?? 0],
    ["stamped_headers", stamps.length > 0 ? stamps.map(([name]) => name) : null],
    ["stamps", dict(stamps)],
  ];
  const names = dict(own);
  const taken = (task.customHeaders ?? []).find(([name]) => get(names, name) !== undefined || name === "compression");
  if (taken !== undefined) return undecodable(`the header ${taken[0]} is Celery's own`);
  return decoded([...own, ...(task.customHeaders ?? [])]);
}

function seconds(ms: number | null | undefined): number | null {
  return ms == null ? null : ms / 1000;
}
