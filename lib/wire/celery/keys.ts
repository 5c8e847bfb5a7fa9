import { redbeatKeys } from "./redbeat-key.ts";
import { escapeGlob, resultKeys } from "./result-key.ts";

/** The settings of a watched application that decide how its keys and channels are called. */
export type CeleryKeyOptions = {
  /** Number of the broker database; part of every channel's name. */
  db: number;
  globalKeyprefix: string;
  /** Between a queue's name and its priority step, and between the parts of a binding. */
  sep: string;
  prioritySteps: readonly number[];
  unackedKey: string;
  unackedIndexKey: string;
  unackedMutexKey: string;
  /** `true`: `/{db}.`; `false`: none; a text stands for itself, `{db}` in it replaced. */
  fanoutPrefix: boolean | string;
  /** Whether a channel's name ends in the routing key. */
  fanoutPatterns: boolean;
  controlExchange: string;
  eventExchange: string;
  /** What `resultKeyPrefix` makes of the result backend's `global_keyprefix`. */
  resultKeyprefix: string;
  redbeatKeyPrefix: string;
};

/** Celery's and Kombu's own defaults. */
export const CELERY_KEY_DEFAULTS: CeleryKeyOptions = {
  db: 0,
  globalKeyprefix: "",
  sep: "\x06\x16",
  prioritySteps: [0, 3, 6, 9],
  unackedKey: "unacked",
  unackedIndexKey: "unacked_index",
  unackedMutexKey: "unacked_mutex",
  fanoutPrefix: true,
  fanoutPatterns: true,
  controlExchange: "celery",
  eventExchange: "celeryev",
  resultKeyprefix: "",
  redbeatKeyPrefix: "redbeat:",
};

const BINDING = "_kombu.binding.";
const PERMANENT_BINDING = "_kombu.binding_permanent.";
const BINDING_DEADLINES = "_kombu.binding_deadlines";

/**
 * The priority step whose list a message of this priority is in: the greatest step that is not above it. The priority is
 * clamped to 0..9 first; one that is missing or unreadable counts as 0. On Redis 0 is taken first. (Kombu, Redis transport)
 */
export function priorityStep(priority: unknown, steps: readonly number[]): number {
  const clamped = Math.min(9, Math.max(0, readPriority(priority)));
  // Below the lowest step Kombu's bisection falls off the front and comes back at the end.
  return steps.findLast((step) => step <= clamped) ?? steps.at(-1) ?? 0;
}

function readPriority(priority: unknown): number {
  if (typeof priority === "boolean") return Number(priority);
  if (typeof priority === "string") return /^\s*[+-]?\d{1,15}\s*$/.test(priority) ? Number(priority) : 0;
  return typeof priority === "number" && Number.isFinite(priority) ? Math.trunc(priority) : 0;
}

export type CeleryKeys = ReturnType<typeof celeryKeys>;

/** Every key and channel of a Celery application. Nothing else in the code spells one. */
export function celeryKeys(given: Partial<CeleryKeyOptions> = {}) {
  const options = { ...CELERY_KEY_DEFAULTS, ...given };
  const { globalKeyprefix: prefix, sep } = options;
  const steps = [...options.prioritySteps].sort((a, b) => a - b);
  const fanout = options.fanoutPrefix === true ? "/{db}." : options.fanoutPrefix === false ? "" : options.fanoutPrefix;
  const numbered = prefix + fanout.replaceAll("{db}", String(options.db));
  const literal = prefix + fanout;
  const controlFanout = `${options.controlExchange}.pidbox`;
  const stepList = (queue: string, step: number) => prefix + (step === 0 ? queue : `${queue}${sep}${step}`);

  return {
    options,

    /** list: messages of a queue with this priority. Producers LPUSH, consumers pop from the right. */
    queueList: (queue: string, priority: unknown) => stepList(queue, priorityStep(priority, steps)),
    /** The lists of a queue, in the order in which they are consumed. */
    queueLists: (queue: string) => steps.map((step) => stepList(queue, step)),
    /** Queue and priority step of a list key; null when it is none of this application. Step 0 has no suffix. */
    parseQueueList: (key: string): { queue: string; step: number } | null => {
      if (!key.startsWith(prefix)) return null;
      const name = key.slice(prefix.length);
      const at = name.lastIndexOf(sep);
      const suffix = at < 0 ? "" : name.slice(at + sep.length);
      if (/^\d{1,9}$/.test(suffix)) return { queue: name.slice(0, at), step: Number(suffix) };
      return name === "" ? null : { queue: name, step: 0 };
    },
    /** Name of a worker's own queue when `worker_direct` is on. */
    directQueue: (node: string) => `${node}.dq2`,
    /** Name of a remote control client's reply queue. As routing key it goes without the prefix: the worker adds it. */
    replyQueue: (oid: string) => `${oid}.reply.${controlFanout}`,
    isReplyQueue: (queue: string) => queue.endsWith(`.reply.${controlFanout}`),

    /** set: members of an exchange's binding table. */
    bindings: (exchange: string) => `${prefix}${BINDING}${exchange}`,
    /** set, from Kombu 5.7: those members of the table whose queue does not expire. */
    permanentBindings: (exchange: string) => `${prefix}${PERMANENT_BINDING}${exchange}`,
    /** sorted set, from Kombu 5.7: exchange → epoch ms after which its table may be deleted. */
    bindingDeadlines: `${prefix}${BINDING_DEADLINES}`,
    /** Glob of the binding tables, without the two keys that only begin alike. */
    bindingPattern: `${escapeGlob(prefix)}${BINDING}*`,
    /** Exchange of a binding table's key, or null when the key is none. */
    parseBindings: (key: string) => (key.startsWith(`${prefix}${BINDING}`) ? key.slice(prefix.length + BINDING.length) : null),

    /** hash: delivery tag → `[envelope, exchange, routing key]` of what is taken and not acknowledged. */
    unacked: prefix + options.unackedKey,
    /** sorted set: delivery tag → epoch seconds when it was taken. */
    unackedIndex: prefix + options.unackedIndexKey,
    /** string: lock of the sweep that restores timed-out messages. */
    unackedMutex: prefix + options.unackedMutexKey,

    /** Channel of a fanout exchange, for tasks of `kombu.common.Broadcast` too. */
    fanoutChannel: (exchange: string, routingKey: string) =>
      `${numbered}${exchange}${options.fanoutPatterns && routingKey !== "" ? `/${routingKey}` : ""}`,
    /** Channel of remote control requests. */
    controlChannel: numbered + controlFanout,
    /** The same for a fleet on Redis Sentinel with Kombu before 5.4, which did not put the number in. */
    sentinelControlChannel: literal + controlFanout,
    /** Exchange in whose table every remote controlled node has a member. */
    controlExchange: controlFanout,
    /** What to PSUBSCRIBE for all events; the second form is Sentinel's before Kombu 5.4, without a database number. */
    eventPatterns: unique([numbered, literal].map((start) => `${escapeGlob(start + options.eventExchange)}/*`)),
    /** What to SUBSCRIBE for all events where `fanout_patterns` is off. */
    eventChannels: unique([numbered, literal].map((start) => start + options.eventExchange)),

    result: resultKeys(options.resultKeyprefix),
    redbeat: redbeatKeys(options.redbeatKeyPrefix),
  };
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}
