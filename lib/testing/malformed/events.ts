import { base64, HOSTILE, type MalformedCase, MEGABYTE, nested, taskId } from "./case.ts";

type Kind = MalformedCase["readable"];

/** What a worker says of itself in every event. */
const WORKER = { hostname: "malformed@fleet", utcoffset: 0, pid: 1, clock: 1 };
const BEAT = { ...WORKER, freq: 2, active: 0, processed: 0, loadavg: [0, 0, 0], sw_ident: "py-celery", sw_ver: "5.7.0", sw_sys: "Linux" };

function task(type: string, changes: object = {}): object {
  return { ...WORKER, timestamp: Date.now() / 1000, uuid: taskId(), type, ...changes };
}

function received(changes: object): object {
  return task("task-received", { name: "fleet.add", args: "(1, 2)", kwargs: "{}", retries: 0, eta: null, expires: null, ...changes });
}

function beat(changes: object): object {
  return { ...BEAT, timestamp: Date.now() / 1000, type: "worker-heartbeat", ...changes };
}

/** Text of one event, or of something in its place. NaN and the like become Celery's bare tokens. */
function json(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? `\uf8ff${value}\uf8ff` : value,
  ).replace(/"\uf8ff(-?\w+)\uf8ff"/g, "$1");
}

function envelope(body: string | Buffer, changes: object = {}): string {
  return JSON.stringify({
    body: base64(body),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { hostname: WORKER.hostname },
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange: "celeryev", routing_key: "task.multi" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: taskId(),
    },
    ...changes,
  });
}

/** Whole messages on the channel of task events. */
const PUBLISHED: [name: string, kind: Kind, raw: string | Buffer][] = [
  ["is empty", "nothing", ""],
  ["is not JSON", "nothing", "not JSON"],
  ["is cut off", "nothing", envelope(json(task("task-started"))).slice(0, 60)],
  ["is not UTF-8", "nothing", Buffer.from([0xff, 0xfe, 0x7b])],
  ["is a list", "nothing", "[]"],
  ["is nested 100,000 deep", "nothing", nested(100_000)],
  ["has no body", "nothing", envelope("", { body: undefined })],
  ["has a body that is an object", "nothing", envelope("", { body: {} })],
  ["has a body that is no base64", "nothing", envelope("", { body: "%%%" })],
  ["has a body that is no JSON", "nothing", envelope("not JSON")],
  ["has a body that is cut off", "nothing", envelope('[{"type": "task-sta')],
  ["has a body nested 100,000 deep", "nothing", envelope(nested(100_000))],
  ["has an unknown content type", "nothing", envelope("x", { "content-type": "application/x-unknown" })],
  [
    "is a pickle that would run a program",
    "nothing",
    envelope("cos\nsystem\n(S'id'\ntR.", { "content-type": "application/x-python-serialize" }),
  ],
  ["is a batch of nothing", "all", envelope("[]")],
  ["is a batch with gaps", "part", envelope(json([null, 7, "x", [], task("task-started")]))],
  ["is a batch of 10,000", "all", envelope(json(Array.from({ length: 10_000 }, () => task("task-started"))))],
  ["has no properties", "all", envelope(json(task("task-started")), { properties: undefined, body: json(task("task-started")) })],
];

const BAD: [name: string, kind: Kind, event: unknown][] = [
  ["is null", "nothing", null],
  ["is an empty object", "nothing", {}],
  ["has no type", "nothing", task("", { type: undefined })],
  ["has a type that is a number", "nothing", task("", { type: 7 })],
  ["has a type without a group", "all", task("nonsense")],
  ["has a type of another group", "all", task("rocket-started")],
  ["has no subject", "nothing", task("task-")],
  ["has no task id", "nothing", task("task-started", { uuid: undefined })],
  ["has a task id that is a number", "nothing", task("task-started", { uuid: 7 })],
  ["has an empty task id", "nothing", task("task-started", { uuid: "" })],
  ["has no worker", "part", task("task-started", { hostname: undefined })],
  ["has a worker that is an object", "part", task("task-started", { hostname: {} })],
  ["has no time", "part", task("task-started", { timestamp: undefined })],
  ["has a time that is NaN", "part", task("task-started", { timestamp: Number.NaN })],
  ["has a time that is a text", "part", task("task-started", { timestamp: "now" })],
  ["has a time in the year 9999", "part", task("task-started", { timestamp: 253_402_300_799 })],
  ["has a time before 1970", "part", task("task-started", { timestamp: -1 })],
  ["has a time without end", "part", task("task-started", { timestamp: 1e300 })],
  ["has a clock that is a text", "part", task("task-started", { clock: "tick" })],
  ["has a clock without end", "part", task("task-started", { clock: 1e300 })],
  ["has a name that is a number", "part", received({ name: 7 })],
  ["has arguments that are a list", "part", received({ args: [1, 2], kwargs: { a: 1 } })],
  ["has retries that are a text", "part", received({ retries: "many" })],
  ["has retries that are a fraction", "part", received({ retries: 1.5 })],
  ["has retries of a billion", "part", received({ retries: 1e9 })],
  ["has an ETA that is a word", "part", received({ eta: "tomorrow", expires: "never" })],
  ["has a parent that is a number", "part", received({ parent_id: 7, root_id: [] })],
  ["has a runtime that is NaN", "part", task("task-succeeded", { result: "3", runtime: Number.NaN })],
  ["has a runtime below zero", "part", task("task-succeeded", { result: "3", runtime: -5 })],
  ["has a runtime without end", "part", task("task-succeeded", { result: "3", runtime: Infinity })],
  ["has a result that is an object", "part", task("task-succeeded", { result: { a: 1 }, runtime: 0.1 })],
  ["has an exception that is a list", "part", task("task-failed", { exception: ["x"], traceback: 7 })],
  ["has no exception", "part", task("task-failed")],
  ["has a queue that is a list", "part", task("task-sent", { name: "fleet.add", queue: ["default"], args: "()", kwargs: "{}" })],
  ["has a signal that is an object", "part", task("task-revoked", { terminated: "yes", signum: {}, expired: 7 })],
  ["is of a worker whose beat has a frequency of zero", "part", beat({ freq: 0 })],
  ["is of a worker whose beat has a frequency below zero", "part", beat({ freq: -1 })],
  ["is of a worker whose beat comes once in 30 years", "part", beat({ freq: 1e9 })],
  ["is of a worker whose load is a text", "part", beat({ loadavg: "high" })],
  ["is of a worker whose counters are nonsense", "part", beat({ active: -1, processed: "many" })],
  ["is of a worker whose version is an object", "part", beat({ sw_ident: {}, sw_ver: 5.7, sw_sys: null })],
  ["is of a worker without a name but in its headers", "all", beat({ hostname: undefined })],
  ["is of a worker that votes", "all", { ...WORKER, timestamp: Date.now() / 1000, type: "worker-elect-ack", id: "x" }],
  ["is of a worker with hostile text in its name", "all", beat({ hostname: `x@${HOSTILE}` })],
  ["is of a worker with a name of 1 MB", "all", beat({ hostname: MEGABYTE })],
  ["has a type of 1 MB", "all", task(`task-${MEGABYTE}`)],
  ["has a task id of 1 MB", "all", task("task-started", { uuid: MEGABYTE })],
  ["has hostile text everywhere", "all", received({ uuid: HOSTILE, name: HOSTILE, args: HOSTILE, kwargs: HOSTILE })],
  ["has an exception of 1 MB", "all", task("task-failed", { exception: `ValueError('${MEGABYTE}')`, traceback: MEGABYTE })],
  ["has keys of the prototype", "all", { ...task("task-started"), ["__proto__"]: { admin: true }, constructor: 1 }],
  ["has a field nested 100 deep", "all", task("task-progress", { deep: JSON.parse(nested(100)) as unknown })],
  ["has 10,000 fields", "all", task("task-progress", Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n])))],
];

export const EVENTS: readonly MalformedCase[] = [
  ...PUBLISHED,
  ...BAD.map(([name, kind, event]): [string, Kind, string] => [name, kind, envelope(json(event))]),
].map(([name, readable, raw]): MalformedCase => ({
  name: `an event ${name}`,
  place: "event",
  readable,
  put: ({ broker, database }) => broker.publish(`/${database}.celeryev/task.multi`, raw),
}));
