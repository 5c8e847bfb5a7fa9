import { HOSTILE, type MalformedCase, MEGABYTE, message, taskId, type Target } from "./case.ts";

const SEP = "\x06\x16";

type Put = MalformedCase["put"];

/** Celery's keys with other Redis types than Celery gives them, so that reading them answers WRONGTYPE. */
export const KEYS: readonly MalformedCase[] = (
  [
    ["a text where a queue is", ({ broker }) => bind(broker, "q-text").set("q-text", "not a list").exec()],
    ["a hash where a queue is", ({ broker }) => bind(broker, "q-hash").hset("q-hash", "a", "b").exec()],
    ["a stream where a queue is", ({ broker }) => bind(broker, "q-stream").xadd("q-stream", "*", "a", "b").exec()],
    ["a text where a queue's second priority is", ({ broker }) => bind(broker, "q-step").set(`q-step${SEP}3`, "not a list").exec()],
    ["a list where the unacknowledged messages are", ({ broker }) => broker.multi().del("unacked").lpush("unacked", "x").exec()],
    ["a hash where their index is", ({ broker }) => broker.multi().del("unacked_index").hset("unacked_index", "a", "b").exec()],
    ["a list where the restore lock is", ({ broker }) => broker.multi().del("unacked_mutex").lpush("unacked_mutex", "x").exec()],
    ["a hash where a binding table is", ({ broker }) => broker.hset("_kombu.binding.hash", "a", "b")],
    ["a text where a binding table is", ({ broker }) => broker.set("_kombu.binding.text", `a${SEP}${SEP}b`)],
    ["a list where the table of workers is", ({ broker }) => replace(broker, "_kombu.binding.celery.pidbox")],
    ["a list where the binding deadlines are", ({ broker }) => replace(broker, "_kombu.binding_deadlines")],
    ["a list where RedBeat's schedule is", ({ broker }) => broker.lpush("redbeat::schedule", "x")],
    ["a text where a RedBeat entry is", ({ broker }) => broker.multi().set("redbeat:text", "x").exec()],
    ["a list where a result is", ({ results }) => results.lpush(`celery-task-meta-${taskId()}`, "x")],
    ["a text where a chord's parts are", ({ results }) => results.set(`celery-taskset-meta-${taskId()}.j`, "x")],
    ["a word where a chord's size is", ({ results }) => results.set(`celery-taskset-meta-${taskId()}.s`, "many")],
  ] satisfies [string, Put][]
).map(([name, put]) => ({
  name,
  place: "key",
  readable: "nothing",
  says: "names the key and the type that it has",
  put,
}));

/** Members of a binding table that are no bindings, or terrible ones. */
export const BINDINGS: readonly MalformedCase[] = (
  [
    ["that is empty", "nothing", ""],
    ["without separators", "nothing", "default"],
    ["with one separator", "nothing", `default${SEP}default`],
    ["with five separators", "nothing", ["a", "b", "c", "d", "e", "f"].join(SEP)],
    ["without a queue", "nothing", `default${SEP}${SEP}`],
    ["that is not UTF-8", "part", Buffer.from([0xff, 0x06, 0x16, 0x06, 0x16, 0xfe])],
    ["with a pattern that is none", "part", `a.(${SEP}^a\\.($${SEP}q-unclosed`],
    ["with a pattern that takes for ever", "part", `a.#${SEP}^(a+)+$${SEP}q-slow`],
    ["of a queue named with hostile text", "all", `x${SEP}${SEP}${HOSTILE}`],
    ["of a queue named with 1 MB", "all", `x${SEP}${SEP}${MEGABYTE}`],
    ["of a queue with the name of Celery's own key", "part", `x${SEP}${SEP}unacked`],
    ["of a queue with the name of a binding table", "part", `x${SEP}${SEP}_kombu.binding.default`],
  ] satisfies [string, MalformedCase["readable"], string | Buffer][]
).map(([name, readable, member]) => ({
  name: `a binding ${name}`,
  place: "binding",
  readable,
  put: ({ broker }: Target) => broker.sadd("_kombu.binding.malformed", member),
}));

/** Right, but more than anybody expects. */
export const VOLUME: readonly MalformedCase[] = [
  {
    name: "5,000 queues",
    place: "binding",
    readable: "all",
    says: "shows the first so many and how many there are",
    put: async ({ broker }) => {
      const pipeline = broker.pipeline();
      for (let n = 0; n < 5_000; n++) {
        pipeline.sadd("_kombu.binding.many", `many-${n}${SEP}${SEP}many-${n}`);
        pipeline.lpush(`many-${n}`, message({ properties: { delivery_info: { exchange: "", routing_key: `many-${n}` } } }));
      }
      await pipeline.exec();
    },
  },
  {
    name: "10,000 unreadable messages in one queue",
    place: "queue",
    readable: "nothing",
    says: "a number, not 10,000 events",
    put: ({ broker, queue }) => broker.lpush(queue, ...Array.from({ length: 10_000 }, (_, n) => `not JSON ${n}`)),
  },
  {
    name: "20 messages of 1 MB",
    place: "queue",
    readable: "all",
    put: async ({ broker, queue }) => {
      for (let n = 0; n < 20; n++) await broker.lpush(queue, message({ headers: { argsrepr: MEGABYTE, id: taskId() } }));
    },
  },
];

function bind(broker: Target["broker"], queue: string) {
  return broker.multi().sadd(`_kombu.binding.${queue}`, `${queue}${SEP}${SEP}${queue}`);
}

function replace(broker: Target["broker"], key: string) {
  return broker.multi().del(key).lpush(key, "x").exec();
}
