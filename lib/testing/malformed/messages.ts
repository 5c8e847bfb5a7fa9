import { inflateSync } from "node:zlib";
import bombs from "./fixtures/bombs.json" with { type: "json" };
import { EMBED, HOSTILE, type MalformedCase, MEGABYTE, message, nested, withBody, YEAR_9999 } from "./case.ts";

// Magic, a frame header that announces eight bytes of content size, and 2^62 in them.
const ZSTD_LIE = Buffer.from("28b52ffde00000000000000040010000", "hex");

type Raw = [name: string, raw: string | Buffer, says?: string];

const good = message();

/** Nothing of these can be shown as a task. */
const UNREADABLE: Raw[] = [
  ["is empty", ""],
  ["is not JSON", "not JSON"],
  ["is cut off", good.slice(0, 200)],
  ["has something behind it", `${good}]`],
  ["is not UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x7b, 0x7d])],
  ["is zero bytes", Buffer.alloc(64)],
  ["is null", "null"],
  ["is a number", "1e999"],
  ["is a text", '"message"'],
  ["is a list", "[]"],
  ["is an empty object", "{}"],
  ["is nested 100,000 deep", nested(100_000)],
  ["is an open bracket 1,000,000 times", "[".repeat(1_000_000)],
  ["is a pickle", Buffer.from("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.", "latin1")],
  ["has headers that are a list", message({ envelope: { headers: [] } })],
  ["has headers that are null", message({ envelope: { headers: null } })],
  ["has no headers", message({ envelope: { headers: undefined } })],
  ["has a task that is a number", message({ headers: { task: 7 } })],
  ["has an id that is an object", message({ headers: { id: { $ne: null } } })],
  ["has an empty id", message({ headers: { id: "" } })],
];

/** These are tasks whose arguments, or something else, cannot be read. */
const PARTLY: Raw[] = [
  ["has a body that is no base64", message({ envelope: { body: "%%%" } })],
  ["has a body that is a number", message({ envelope: { body: 7 } })],
  ["has no body", message({ envelope: { body: undefined } })],
  ["has an unknown body encoding", message({ properties: { body_encoding: "rot13" } })],
  ["has an unknown content type", withBody("[[], {}, {}]", "application/x-unknown")],
  ["has no content type", message({ envelope: { "content-type": undefined } })],
  ["has an empty body", withBody("")],
  ["has a body that is cut off", withBody('[[1, 2], {"a": ')],
  ["has a body of two elements", withBody("[[1, 2], {}]")],
  ["has arguments that are a text", withBody(JSON.stringify(["12", {}, EMBED]))],
  ["has keyword arguments that are a list", withBody(JSON.stringify([[], [], EMBED]))],
  ["has an embed that is a text", withBody('[[], {}, "embed"]')],
  ["has a chain that is an object", withBody(JSON.stringify([[], {}, { ...EMBED, chain: { task: "x" } }]))],
  ["has callbacks that are numbers", withBody(JSON.stringify([[], {}, { ...EMBED, callbacks: [1, null, "x"] }]))],
  ["has a value of an unknown type", withBody('[[{"__type__": "spaceship", "__value__": 1}], {}, {}]'), "Kombu deletes it"],
  ["has a datetime that is none", withBody('[[{"__type__": "datetime", "__value__": "yesterday"}], {}, {}]')],
  ["has base64 that is none", withBody('[[{"__type__": "base64", "__value__": "%%%"}], {}, {}]')],
  ["has UTF-16 in its JSON", withBody(Buffer.from("[[1], {}, {}]", "utf16le"))],
  [
    "has a pickle that would run a program",
    withBody(latin1("cos\nsystem\n(S'touch /tmp/perennial-was-here'\ntR."), "application/x-python-serialize"),
    "it does not run",
  ],
  ["has a pickle that is cut off", withBody(latin1("(lp0\nI1\na("), "application/x-python-serialize")],
  ["has a pickle of a list in itself", withBody(latin1("(lp0\ng0\na."), "application/x-python-serialize")],
  ["has a pickle that repeats itself 2^60 times", withBody(pickleOfRepeats(), "application/x-python-serialize")],
  [
    "has YAML that would run a program",
    withBody("[[!!python/object/apply:os.system ['id']], {}, {}]", "application/x-yaml"),
    "it does not run",
  ],
  ["has YAML that repeats itself 9^9 times", withBody(yamlOfRepeats(), "application/x-yaml")],
  ["has msgpack that is cut off", withBody(Buffer.from([0x93, 0x91]), "application/x-msgpack")],
  ["has msgpack that claims 2^32 elements", withBody(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]), "application/x-msgpack")],
  ["has msgpack that claims 4 GB of text", withBody(Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]), "application/x-msgpack")],
  ["has a signed body that is none", withBody("signed by nobody", "application/data")],
  ["has an unknown compression", withBody("[[], {}, {}]", "application/json", { compression: "application/x-unknown" })],
  ["has a compression that is a number", withBody("[[], {}, {}]", "application/json", { compression: 7 })],
  ...Object.keys(bombs).map((type): Raw => [`lies about ${type}`, withBody("[[], {}, {}]", "application/json", { compression: type })]),
  ...Object.entries(bombs).map(([type, bomb]): Raw => [
    `is 256 MB when decompressed from ${type}`,
    withBody(inflateSync(Buffer.from(bomb, "base64")), "application/json", { compression: type }),
    "too large to show, and costs neither memory nor time to say so",
  ]),
  ["has zstd that claims 2^62 bytes", withBody(ZSTD_LIE, "application/json", { compression: "application/zstd" })],
  ["has no properties", message({ envelope: { properties: undefined } }), "Celery crashes or reconnects; the task can be shown"],
  ["has properties that are a list", message({ envelope: { properties: [] } })],
  ["has no delivery tag", message({ properties: { delivery_tag: undefined } })],
  ["has a delivery tag that is a number", message({ properties: { delivery_tag: 7 } })],
  ["has no delivery info", message({ properties: { delivery_info: undefined } })],
  ["has delivery info that is a text", message({ properties: { delivery_info: "default" } })],
  ["has an ETA that is a word", message({ headers: { eta: "tomorrow" } })],
  ["has an ETA that is a number", message({ headers: { eta: 1e300 } })],
  ["has an expiry that is a list", message({ headers: { expires: [] } })],
  ["has retries that are a text", message({ headers: { retries: "many" } })],
  ["has retries below zero", message({ headers: { retries: -1 } })],
  ["has retries without end", message().replace('"retries":0', '"retries":1e999')],
  ["has a time limit that is a text", message({ headers: { timelimit: "soon" } })],
  ["has a priority that is a text", message({ properties: { priority: "high" } })],
  ["has a group index that is a text", message({ headers: { group: "g", group_index: "first" } })],
  ["has stamps that are a list", message({ headers: { stamped_headers: 3, stamps: [] } })],
  ["has a root that is a list", message({ headers: { root_id: [], parent_id: {}, group: 1 } })],
  ["has a repr that is an object", message({ headers: { argsrepr: { a: 1 }, kwargsrepr: 7 } })],
  ["has an origin that is an object", message({ headers: { origin: {} } })],
  ["has a shadow that is a list", message({ headers: { shadow: ["x"] } })],
  [
    "has a body as plain text",
    message({ envelope: { body: "[[1, 2], {}, {}]" }, properties: { body_encoding: "utf-8" } }),
    "all of it can be read, but a worker of Celery 5.2 or 5.3 crashes",
  ],
];

/** These are right, if strange. */
const STRANGE: Raw[] = [
  ["has arguments nested 100,000 deep", withBody(`[[${nested(100_000)}], {}, {}]`)],
  ["has a body that is an object", withBody('{"args": [1]}')],
  ["has a null embed", withBody("[[1, 2], {}, null]")],
  ["has a header nested 100 deep", message().replace('"lang":"py"', `"lang":${nested(100)}`)],
  ["has 10,000 headers", message({ headers: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`h${n}`, n])) })],
  ["has keys of the prototype", withBody('[[], {"__proto__": {"admin": true}, "constructor": 1}, {"__proto__": null}]')],
  ["has a key twice", withBody('[[], {"a": 1, "a": 2}, {}]')],
  ["has NaN and infinities", withBody("[[NaN, Infinity, -Infinity, 1e999], {}, {}]")],
  ["has a number of 10,000 digits", withBody(`[[${"9".repeat(10_000)}], {}, {}]`)],
  ["has half a surrogate pair", withBody('[["\\ud83c"], {}, {}]')],
  ["has an argument of 1 MB", withBody(JSON.stringify([[MEGABYTE], {}, EMBED]))],
  ["has a repr of 1 MB", message({ headers: { argsrepr: MEGABYTE } })],
  ["has a name of 1 MB", message({ headers: { task: MEGABYTE } })],
  ["has an id of 1 MB", message({ headers: { id: MEGABYTE } })],
  ["has hostile text in its name", message({ headers: { task: HOSTILE } })],
  ["has hostile text in its id", message({ headers: { id: HOSTILE } })],
  ["has hostile text in its arguments", message({ headers: { argsrepr: HOSTILE, kwargsrepr: HOSTILE } })],
  ["has an id that is a path", message({ headers: { id: "../../etc/passwd?a=b#c%2f" } })],
  ["has an ETA in the year 9999", message({ headers: { eta: YEAR_9999, expires: YEAR_9999 } })],
  ["has a priority of a billion", message({ properties: { priority: 1e9 } })],
  ["has itself as parent and root", message({ headers: { id: "ouroboros", parent_id: "ouroboros", root_id: "ouroboros" } })],
  ["has no more than it must", message({ envelope: { headers: { task: "fleet.add", id: "bare" } } })],
];

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** A list of two, of which each is a list of two, sixty levels deep, in 500 bytes. */
function pickleOfRepeats(): Buffer {
  const levels = Array.from({ length: 60 }, (_, n) => `(lp${n + 1}\ng${n}\nag${n}\na`);
  return latin1(`(lp0\n${levels.join("")}.`);
}

function yamlOfRepeats(): string {
  const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`);
  return `l0: &l0 [x]\n${levels.join("\n")}\n`;
}

const readable = (kind: MalformedCase["readable"]) => (raw: Raw) => ({ kind, raw });

/** Each bad message, once waiting in a queue and once held by a worker. */
export const MESSAGES: readonly MalformedCase[] = [
  ...UNREADABLE.map(readable("nothing")),
  ...PARTLY.map(readable("part")),
  ...STRANGE.map(readable("all")),
].flatMap(({ kind, raw: [name, raw, says] }): MalformedCase[] => [
  {
    name: `a message ${name}`,
    place: "queue",
    readable: kind,
    ...(says === undefined ? {} : { says }),
    put: ({ broker, queue }) => broker.lpush(queue, raw),
  },
  {
    name: `a held message ${name}`,
    place: "unacked",
    readable: kind,
    ...(says === undefined ? {} : { says }),
    put: ({ broker, queue }) => hold(broker, `tag of ${name}`, raw, queue),
  },
]);

function hold(broker: Parameters<MalformedCase["put"]>[0]["broker"], tag: string, raw: string | Buffer, queue: string) {
  const value = Buffer.concat([Buffer.from("["), Buffer.from(raw), Buffer.from(`, "", ${JSON.stringify(queue)}]`)]);
  return broker
    .multi()
    .zadd("unacked_index", Date.now() / 1000, tag)
    .hset("unacked", tag, value)
    .exec();
}

/** Entries of `unacked` that are wrong around the message: beside it nothing in them is needed to show what is held. */
export const HELD: readonly MalformedCase[] = [
  ["is not JSON", "nothing", "not JSON"],
  ["is an object", "nothing", "{}"],
  ["is an empty list", "nothing", "[]"],
  ["has no routing key", "all", `[${good}]`],
  ["has a routing key that is an object", "all", `[${good}, {}, {}]`],
  ["has a null exchange", "all", `[${good}, null, "default"]`],
].map(([name, kind, value]): MalformedCase => {
  const [readable, text] = [kind as MalformedCase["readable"], value as string];
  return {
    name: `an unacknowledged entry ${name}`,
    place: "unacked",
    readable,
    put: ({ broker }) =>
      broker
        .multi()
        .zadd("unacked_index", Date.now() / 1000, `odd: ${name}`)
        .hset("unacked", `odd: ${name}`, text)
        .exec(),
  };
});

/**
 * Messages that stop Celery itself. Where a worker dies it says worker-offline first and exits with 0, as if it were told to
 * stop, and the message goes back to its queue to meet the next one (all seen with 5.6.3 and 5.7.0). A monitor names the
 * message and offers to remove it.
 */
export const POISON = {
  /** A task without an id. 5.6: death. 5.7: reconnects for ever, runs nothing, answers nobody; offline and online by turns. */
  noId: message({ headers: { id: undefined } }),
  /** Death in both. */
  shortBody: withBody("[[1, 2], {}]"),
  noContentType: message({ envelope: { "content-type": undefined } }),
  /** Taken and gone. 5.6: death. 5.7: one reconnect. */
  noDeliveryTag: message({ properties: { delivery_tag: undefined } }),
  /** Taken and gone, and death in both. */
  notJson: "not JSON",
} as const;
