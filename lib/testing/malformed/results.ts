import { inflateSync } from "node:zlib";
import bombs from "./fixtures/bombs.json" with { type: "json" };
import { HOSTILE, type MalformedCase, MEGABYTE, nested, taskId, YEAR_9999 } from "./case.ts";

type Kind = MalformedCase["readable"];

function meta(id: string, changes: object = {}): string {
  return JSON.stringify({
    status: "SUCCESS",
    result: 3,
    traceback: null,
    children: [],
    date_done: new Date().toISOString(),
    task_id: id,
    ...changes,
  });
}

function failure(changes: object): object {
  return { status: "FAILURE", result: { exc_type: "ValueError", exc_message: ["x"], exc_module: "builtins", ...changes } };
}

function compressed(type: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`\0celery-compressed\0${type}\0`), bytes]);
}

type MakeRaw = (id: string) => string | Buffer;
const changed =
  (changes: object): MakeRaw =>
  (id) =>
    meta(id, changes);
const always =
  (raw: string | Buffer): MakeRaw =>
  () =>
    raw;

const CASES: [name: string, kind: Kind, raw: MakeRaw][] = [
  ["is empty", "nothing", always("")],
  ["is not JSON", "nothing", always("not JSON")],
  ["is cut off", "nothing", (id) => meta(id).slice(0, 30)],
  ["is not UTF-8", "nothing", always(Buffer.from([0xff, 0xfe, 0x00]))],
  ["is a list", "nothing", always("[]")],
  ["is null", "nothing", always("null")],
  ["is nested 100,000 deep", "nothing", always(nested(100_000))],
  ["is an empty object", "nothing", always("{}")],
  ["has no status", "nothing", changed({ status: undefined })],
  ["has a status that is a number", "nothing", changed({ status: 7 })],
  ["is a pickle that would run a program", "nothing", always("cos\nsystem\n(S'touch /tmp/perennial-was-here'\ntR.")],
  ["is msgpack that is cut off", "nothing", always(Buffer.from([0x86, 0xa6]))],
  ["claims a compression and has none", "nothing", always(compressed("application/x-gzip", Buffer.from("not compressed")))],
  ["claims an unknown compression", "nothing", always(compressed("application/x-unknown", Buffer.from("x")))],
  ["ends in its compression's name", "nothing", always(Buffer.from("\0celery-compressed\0applic"))],
  ...Object.entries(bombs).map(([type, bomb]): [string, Kind, MakeRaw] => [
    `is 256 MB when decompressed from ${type}`,
    "nothing",
    () => compressed(type, inflateSync(Buffer.from(bomb, "base64"))),
  ]),
  ["is of another task than its key", "part", changed({ task_id: "somebody-else" })],
  ["has no task id", "part", changed({ task_id: undefined })],
  ["has a failure that is a text", "part", changed({ status: "FAILURE", result: "it failed" })],
  ["has a failure that is null", "part", changed({ status: "FAILURE", result: null })],
  ["has a failure without a type", "part", changed(failure({ exc_type: undefined }))],
  ["has a failure whose type is an object", "part", changed(failure({ exc_type: {}, exc_module: 7 }))],
  ["has a failure whose message is an object", "part", changed(failure({ exc_message: { a: [1] } }))],
  ["has a traceback that is a number", "part", changed({ ...failure({}), traceback: 7 })],
  ["has an end that is a word", "part", changed({ date_done: "just now" })],
  ["has an end that is a number", "part", changed({ date_done: 1e300 })],
  ["has an end in the year 9999", "part", changed({ date_done: YEAR_9999 })],
  ["has children that are a text", "part", changed({ children: "two" })],
  ["has children that are no tuples", "part", changed({ children: [7, null, ["x"], [[1, 2], 3], [[["x"]]]] })],
  ["has itself as child", "part", (id) => meta(id, { children: [[[id, [[id, null], null]], null]] })],
  ["has extended fields of wrong types", "part", changed({ name: 7, args: "x", kwargs: [], worker: {}, retries: "many", queue: [] })],
  ["has NaN as result", "all", (id) => meta(id).replace('"result":3', '"result":NaN')],
  ["has a number of 10,000 digits", "all", (id) => meta(id).replace('"result":3', `"result":${"9".repeat(10_000)}`)],
  ["has a result of 1 MB", "all", changed({ result: MEGABYTE })],
  ["has a result nested 100 deep", "all", (id) => meta(id).replace('"result":3', `"result":${nested(100)}`)],
  ["has a status of its own of 1 MB", "all", changed({ status: MEGABYTE })],
  ["has a status in small letters", "all", changed({ status: "success" })],
  [
    "has hostile text everywhere",
    "all",
    changed({ ...failure({ exc_type: HOSTILE, exc_message: [HOSTILE] }), traceback: HOSTILE, name: HOSTILE }),
  ],
  ["has keys of the prototype", "all", (id) => meta(id).replace("{", '{"__proto__": {"status": "FAILURE"}, ')],
  ["has 10,000 children", "all", changed({ children: Array.from({ length: 10_000 }, (_, n) => [[`child-${n}`, null], null]) })],
];

/** Stored and published under the id of a task that nobody sent. */
export const RESULTS: readonly MalformedCase[] = CASES.map(([name, readable, raw]) => ({
  name: `a result ${name}`,
  place: "result",
  readable,
  put: ({ results }) => {
    const id = taskId();
    const key = `celery-task-meta-${id}`;
    const value = raw(id);
    return results.multi().setex(key, 3600, value).publish(key, value).exec();
  },
}));
