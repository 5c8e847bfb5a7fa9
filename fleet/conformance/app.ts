// The tasks of app.py for the worker in TypeScript: the same names, the same endings.
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { fromJavaScript, toJavaScript } from "../../lib/wire/python/javascript.ts";
import { Celery, Ignore, PythonError, Reject, type Signature, type TaskContext } from "../../worker/index.ts";
import { groupSignature, readSignature } from "../../worker/producer/signature.ts";

// oxlint-disable-next-line no-restricted-properties -- an application of its own, told where it is by who starts it
const { CONFORMANCE_BROKER: broker = "", CONFORMANCE_RESULTS: backend = "", CONFORMANCE_CONF: conf = "{}" } = process.env;
const HOLD_SECONDS = 20;

export const app = new Celery({
  broker,
  backend,
  sendSentEvents: true,
  resultExtended: conf.includes('"result_extended": true'),
});

let connection: Redis | undefined;
/** Waits without keeping others: a task that waits at a gate has a connection of its own. */
function notes(): Redis {
  return (connection ??= new Redis(backend));
}

class ValueError extends PythonError {
  constructor(...args: unknown[]) {
    super("ValueError", args);
  }
}

class KeyError extends PythonError {
  constructor(...args: unknown[]) {
    super("KeyError", args);
  }
}

function pythonError(kind: string, args: unknown[]): PythonError {
  if (kind === "ValueError") return new ValueError(...args);
  return kind === "KeyError" ? new KeyError(...args) : new PythonError(kind, args);
}

// Plain work

app.task("app.add", (_, x: number, y: number) => x + y, { parameters: ["x", "y"] });
app.task("app.total", (_, numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0), { parameters: ["numbers"] });
app.task("app.echo", (_, value: unknown = null) => value, { parameters: ["value"] });
app.task("app.keyword", (_, first: unknown, second: unknown = 2, third: unknown = 3) => [first, second, third], {
  parameters: ["first", "second", "third"],
});
const traced = app.task("app.trace", (_, ...steps: unknown[]) => `${text(steps.at(-1))}(${steps.slice(0, -1).map(text).join(",")})`);
app.task("app.note", async (_, ...words: unknown[]) => {
  await notes().rpush(`notes:${text(words.at(-1))}`, JSON.stringify(words.slice(0, -1)));
});
app.task("app.nap", async (ctx, seconds: number, value: unknown = null) => {
  await delay(seconds * 1000, undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted());
  return value;
});
app.task("app.hold", async (ctx, gate: string, value: unknown = null) => {
  const own = notes().duplicate();
  try {
    await own.rpush(`held:${gate}`, "here");
    await own.expire(`held:${gate}`, HOLD_SECONDS);
    await Promise.race([own.blpop(`gate:${gate}`, HOLD_SECONDS), aborted(ctx.signal)]);
    return value;
  } finally {
    own.disconnect();
  }
});
app.task("app.whoami", (ctx) => {
  const { request } = ctx;
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  const isCallers = (name: string) => ["tenant", "nested", "custom", "x-request"].includes(name);
  return {
    id: ctx.id,
    root: ctx.rootId,
    parent: ctx.parentId,
    group: ctx.groupId,
    groupIndex: request.groupIndex,
    retries: ctx.retries,
    deliveryInfo: {
      exchange: ctx.delivery.exchange,
      routing_key: ctx.delivery.routingKey,
      priority: ctx.delivery.priority,
      redelivered: ctx.delivery.redelivered,
    },
    hostname: ctx.hostname,
    headers: Object.fromEntries(Object.entries(ctx.headers).filter(([name]) => isCallers(name))),
    stamps: Object.fromEntries(request.stamps.map(([name, value]) => [name, toJavaScript(value)])),
    timelimit: [seconds(request.hardLimitMs), seconds(request.softLimitMs)],
    eta: request.etaAt !== null,
    expires: request.expiresAt !== null,
    args: request.args.map(toJavaScript),
    kwargs: Object.fromEntries(request.kwargs.map(([name, value]) => [name, toJavaScript(value)])),
    origin: request.origin,
    correlationId: request.correlationId,
    replacedTaskNesting: request.replacedTaskNesting,
  };
});
app.task("app.forgotten", (_, x: unknown) => x, { ignoreResult: true });
app.task("app.tracked", (_, x: unknown) => x, { trackStarted: true });
app.task("app.limited", (_, x: unknown) => x);
app.task("app.unserializable", () => Symbol("unserializable"));

// Errors

app.task("app.fail", (_, kind: string = "ValueError", ...args: unknown[]) => {
  throw pythonError(kind, args);
});
app.task("app.fail_own", (_, ...args: unknown[]) => {
  throw new PythonError("Trouble", args, "app");
});
app.task("app.fail_awkward", () => {
  throw new PythonError("Awkward", ["one and two"], "app");
});
app.task("app.fail_from", () => {
  throw new PythonError("ValueError", ["the second"], "builtins", { cause: new KeyError("missing") });
});
app.task("app.fail_object", () => {
  throw new ValueError("odd", new Map([[1, Symbol("object")]]), new Uint8Array([255]));
});
app.task(
  "app.fail_expected",
  () => {
    throw new KeyError("expected");
  },
  { throws: [KeyError] },
);
app.task("app.ignore", () => {
  throw new Ignore();
});
app.task("app.ignore_after_state", async (ctx) => {
  await ctx.updateState("PAUSED", { at: 3 });
  throw new Ignore();
});
app.task("app.reject", (_, reason: string = "no", requeue: boolean = false) => {
  throw new Reject(reason, { requeue });
});
app.task(
  "app.reject_late",
  (ctx, requeue: boolean) => {
    if (requeue && ctx.delivery.redelivered) return "again";
    throw new Reject("later", { requeue });
  },
  { acksLate: true },
);

// Retries

app.task(
  "app.retry_until",
  (ctx, attempts: number, countdown: number = 0.3) => (ctx.retries < attempts ? ctx.retry({ countdown }) : ctx.retries),
  {
    maxRetries: 5,
  },
);
app.task("app.retry_for_cause", (ctx, kind: string = "ValueError") => ctx.retry({ cause: pythonError(kind, ["cause"]), countdown: 0.3 }), {
  maxRetries: 1,
});
app.task("app.retry_without_cause", (ctx) => ctx.retry({ countdown: 0.3 }), { maxRetries: 1, parameters: ["x"] });
app.task("app.retry_with_arguments", (ctx, x: number) => (ctx.retries < 1 ? ctx.retry({ args: [x + 1], countdown: 0.3 }) : x), {
  maxRetries: 2,
});
app.task("app.retry_elsewhere", (ctx) => (ctx.retries < 1 ? ctx.retry({ countdown: 0.3, queue: "other" }) : ctx.delivery.routingKey), {
  maxRetries: 2,
});
app.task("app.retry_most", (ctx, most: number) => ctx.retry({ countdown: 0.3, maxRetries: most, cause: new ValueError("most") }), {
  maxRetries: 3,
});
app.task(
  "app.auto_retry",
  (ctx, attempts: number, kind: string = "ValueError") => {
    if (ctx.retries < attempts) throw pythonError(kind, [`attempt ${ctx.retries}`]);
    return ctx.retries;
  },
  { autoretryFor: [ValueError], maxRetries: 2, defaultRetryDelay: 0.3 },
);
app.task(
  "app.auto_retry_but",
  (_, kind: string) => {
    throw pythonError(kind, ["but"]);
  },
  { autoretryFor: [Error], dontAutoretryFor: [KeyError], maxRetries: 2, defaultRetryDelay: 0.3 },
);
app.task(
  "app.auto_retry_slowly",
  (ctx) => {
    if (ctx.retries < 1) throw new ValueError("slowly");
    return ctx.retries;
  },
  { autoretryFor: [ValueError], maxRetries: 2, retryBackoff: 1, retryJitter: false },
);

// Replacing and sending

const trace = (name: string) => traced.signature([name], { immutable: true });

app.task("app.replace_by", async (ctx, one: unknown) => ctx.replace(signatureOf(one)));
app.task("app.add_parts", async (ctx, count: number, value: unknown = 0) => {
  for (let number = 0; number < count; number++) await ctx.addToChord(trace(`added-${number}-${text(value)}`));
  return value;
});
app.task("app.add_part_outside", async (ctx) => ctx.addToChord(trace("never")));
app.task("app.spawn", async (_, count: number) => {
  for (let number = 0; number < count; number++) await traced.delay(`child-${number}`);
});
app.task("app.spawn_group", async (_, count: number) => {
  await app.send(groupSignature(Array.from({ length: count }, (_one, number) => trace(`member-${number}`))));
});
app.task("app.spawn_one", async (_, one: unknown) => {
  await app.send(signatureOf(one));
});
app.task("app.on_error", (_, failedId: string) => failedId);
app.task("app.on_error_inside", async (_, failedId: string) => {
  await notes().rpush(`errback:${failedId}`, "sent");
});

// States

app.task("app.progress", async (ctx, steps: number) => {
  for (let step = 0; step < steps; step++) await ctx.progress(step + 1, steps);
  return "done";
});
app.task("app.custom_state", async (ctx, state: string, meta: unknown) => {
  await ctx.updateState(state, meta);
  return state;
});
app.task("app.say", (ctx, subject: `task-${string}`) => ctx.sendEvent(subject, ctx.kwargs));

// Limits

app.task(
  "app.soft",
  async (ctx, isCaught = false) => {
    try {
      await aborted(ctx.signal, 8_000);
    } catch (error) {
      if (!isCaught) throw error;
      return "in time";
    }
    return null;
  },
  { softTimeLimit: 0.4, timeLimit: 10, parameters: ["catch"] },
);
app.task("app.hard", () => delay(8_000), { timeLimit: 0.6 });
app.task("app.late", (_, x: unknown) => x, { acksLate: true });
app.task(
  "app.late_fail",
  () => {
    throw new ValueError("late");
  },
  { acksLate: true },
);
app.task("app.late_hard", () => delay(8_000), { acksLate: true, timeLimit: 0.6 });
app.task("app.die", die);
app.task("app.late_die", die, { acksLate: true });
app.task("app.late_die_once", async (ctx) => (ctx.delivery.redelivered ? "survived" : die()), {
  acksLate: true,
  rejectOnWorkerLost: true,
});

/** A signature as a message carries it. */
function signatureOf(value: unknown): Signature {
  const seen = fromJavaScript(value);
  const signature = seen.ok ? readSignature(seen.value) : null;
  if (signature === null) throw new TypeError("no signature");
  return signature;
}

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "None" : JSON.stringify(value);
}

async function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

/** Rejects with the signal's reason when it fires; resolves after the time, where there is one. */
async function aborted(signal: TaskContext["signal"], ms?: number): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  await promise.finally(() => clearTimeout(timer));
}
