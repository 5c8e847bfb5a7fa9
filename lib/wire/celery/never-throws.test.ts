import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Value } from "../python/value.ts";
import { parseBinding } from "./binding.ts";
import { decodeChordCount, decodeChordPart, decodeCountedPart } from "./chord.ts";
import { decodeEvents } from "./event.ts";
import { readException } from "./exception.ts";
import { bytesOf, findIn, kinds, recorded } from "./fixtures/recorded.ts";
import { decodeSavedGroup } from "./group.ts";
import * as inspect from "./inspect-reply.ts";
import { sliceJsonArray } from "./json-array.ts";
import { celeryKeys } from "./keys.ts";
import { decodePidboxReply, readAnswer } from "./pidbox-reply.ts";
import { decodeRedbeatEntry, encodeRedbeatEnabled } from "./redbeat.ts";
import { decodeResultMeta, readResultMeta } from "./result.ts";
import { moveEnvelope, redeliverEnvelope } from "./rewrite-envelope.ts";
import { decodeSigned } from "./signed.ts";
import { decodeTaskMessage } from "./task-message.ts";
import { parseTime } from "./time.ts";
import { patternMatcher } from "./topic-pattern.ts";
import { decodeUnacked } from "./unacked.ts";
import { decodeEnvelope } from "./envelope.ts";
import { describeEffect, workerEffect } from "./worker-effect.ts";

const { parseQueueList, parseBindings, result } = celeryKeys();

/** Everything that reads text from Redis. */
function readText(text: string): void {
  decodeTaskMessage(text);
  describeEffect(workerEffect(decodeEnvelope(text)));
  decodeEvents(text);
  decodePidboxReply(text);
  decodeUnacked(text);
  moveEnvelope(text, { queue: "q", priority: 3 });
  redeliverEnvelope(text);
  decodeRedbeatEntry(text, text);
  encodeRedbeatEnabled(text, true);
  decodeChordCount(text);
  decodeCountedPart(text);
  parseBinding(text, "\x06\x16");
  patternMatcher(text)(text);
  readException(text, text);
  sliceJsonArray(text);
  parseTime(text);
  parseQueueList(text);
  parseBindings(text);
  result.groupId(text);
}

/** Everything that reads bytes from Redis. */
function readBytes(bytes: Uint8Array): void {
  decodeResultMeta(bytes);
  decodeSavedGroup(bytes);
  decodeChordPart(bytes);
  decodeSigned(bytes);
  readText(Buffer.from(bytes).toString("utf8"));
}

function readValue(value: Value): void {
  readResultMeta(value);
  readAnswer(value);
  for (const read of Object.values(inspect)) read(value);
}

/** Names and values that the codecs look for, so that chance gets past the first check. */
const NAMES = `body headers properties content-type content-encoding body_encoding delivery_tag delivery_info exchange routing_key
  compression task id args kwargs timelimit eta expires retries group parent_id stamps chain chord callbacks options tasks header
  subtask_type type uuid hostname timestamp status result exc_type exc_message children date_done name schedule every freq
  last_run_at timezone year month day __type__ __value__ __proto__ constructor revoked clock pool timeouts total request`.split(/\s+/);
const WORDS = [
  "application/json",
  "application/data",
  "utf-8",
  "base64",
  "application/x-gzip",
  "task-failed",
  "worker-heartbeat",
  "chord",
  "chain",
  "FAILURE",
  "interval",
  "rrule",
  "datetime",
  "W10=",
  "e30=",
  "W1tdLHt9LHt9XQ==",
];

const json = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, ...WORDS),
    fc.string({ maxLength: 8 }),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("any"), { maxKeys: 8 }),
  ),
})).any;

describe("nothing that Redis may hold makes a codec throw", () => {
  test("arbitrary text and bytes", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), readText));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readBytes));
  });

  test("arbitrary JSON with the names that the codecs look for", () => {
    fc.assert(
      fc.property(json, (value) => readBytes(Buffer.from(JSON.stringify(value)))),
      { numRuns: 1000 },
    );
  });

  test("arbitrary JSON inside of a sound message", () => {
    const message = (body: unknown, headers: unknown) =>
      JSON.stringify({
        body: Buffer.from(JSON.stringify(body)).toString("base64"),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        headers,
        properties: { body_encoding: "base64", delivery_tag: "t", delivery_info: { exchange: "", routing_key: "q" } },
      });
    fc.assert(
      fc.property(json, json, (body, headers) => {
        readText(message(body, headers));
        readText(message([[], {}, body], { task: "t", id: "1" }));
        readText(message({ "w@h": body }, { ticket: "t" }));
      }),
      { numRuns: 500 },
    );
  });

  test("arbitrary decoded values", () => {
    const value = fc.letrec<{ any: Value }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<Value>(
          null,
          true,
          1,
          "SUCCESS",
          { $: "float", text: "nan" },
          { $: "int", text: "99999999999999999999" },
          { $: "bytes", base64: "" },
        ),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.array(tie("any"), { maxLength: 4 }).map((items): Value => ({ $: "tuple", items })),
        fc.array(fc.tuple(fc.constantFrom(...NAMES), tie("any")), { maxLength: 6 }).map((items): Value => ({ $: "dict", items })),
        tie("any").map((inner): Value => ({ $: "object", type: "a.B", args: [inner] })),
      ),
    })).any;
    fc.assert(fc.property(value, readValue), { numRuns: 1000 });
  });

  test("every truncation of every kind of recorded message and stored value", () => {
    // The longest are cut at some of their places only: they differ from others in nothing but length.
    for (const kind of kinds("5.7.0")) {
      const { messages, keys } = findIn(recorded("5.7.0", kind));
      const texts = messages.map(({ raw }) => Buffer.from(raw));
      const values = keys.filter(({ type }) => type === "string").map(({ value }) => bytesOf(value));
      for (const whole of [...texts.slice(0, 1), ...values]) {
        const step = Math.ceil(whole.length / 80);
        for (let end = 0; end < whole.length; end += step) readBytes(whole.subarray(0, end));
      }
    }
  });

  test("every truncation of a task message, letter by letter, is either refused or told apart from the whole", () => {
    const [message] = findIn(recorded("5.6.3", "queue-chain-of-group")).messages;
    const whole = message?.raw ?? "";
    for (let end = 0; end < whole.length; end++) expect(decodeTaskMessage(whole.slice(0, end)).ok).toBe(false);
  });

  test("every truncation of a body inside of a whole message", () => {
    const [message] = findIn(recorded("5.6.3", "queue-chain-of-group")).messages;
    const envelope = JSON.parse(message?.raw ?? "{}") as { body: string };
    const body = Buffer.from(envelope.body, "base64");
    for (let end = 0; end < body.length; end++) {
      const cut = decodeTaskMessage(JSON.stringify({ ...envelope, body: body.subarray(0, end).toString("base64") }));
      expect(cut).toMatchObject({ ok: true, value: { name: "tasks.add", args: null } });
    }
  });

  test("what nests without end", () => {
    const deep = (open: string, close: string) => open.repeat(50_000) + close.repeat(50_000);
    for (const text of [deep("[", "]"), deep('{"a":', "}"), deep('{"task":"t","kwargs":{"tasks":[', "]}}"), deep("[[", "]]")]) {
      readBytes(Buffer.from(text));
      readText(
        JSON.stringify({
          body: Buffer.from(text).toString("base64"),
          "content-type": "application/json",
          properties: { body_encoding: "base64" },
        }),
      );
    }
  });
});
