import { describe, expect, test } from "vitest";

import { decodeEnvelope } from "./envelope.ts";
import { RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { type Reaction, describeEffect, workerEffect } from "./worker-effect.ts";

type Change = { [part: string]: unknown };

const BODY = [[1, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }];

/** A sound message with parts replaced; `undefined` leaves a part out. */
function message({ body = BODY, headers, properties, ...rest }: Change = {}): string {
  const task = { lang: "js", task: "tasks.add", id: "1" };
  const delivery = { delivery_tag: "t", delivery_info: { exchange: "", routing_key: "celery" }, body_encoding: "base64", priority: 0 };
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { ...task, ...(headers as object) },
    properties: { ...delivery, ...(properties as object) },
    ...rest,
  });
}

function without(part: string): string {
  return JSON.stringify({ ...(JSON.parse(message()) as object), [part]: undefined });
}

const protocol1 = (body: unknown) => message({ body, headers: { task: undefined, id: undefined } });

// All of these were given to workers of 5.6.3 and 5.7.0; the columns are what those did.
describe("what a message does to a worker", () => {
  test.each<[string, string, Reaction, Reaction]>([
    ["a sound one", message(), "runs", "runs"],
    ["embed null", message({ body: [[1], {}, null] }), "runs", "runs"],
    ["embed empty list", message({ body: [[1], {}, []] }), "runs", "runs"],
    ["arguments that are no list", message({ body: [{ a: 1 }, {}, null] }), "runs", "runs"],
    ["no content-encoding", without("content-encoding"), "runs", "runs"],
    ["a task name that is null", message({ headers: { task: null } }), "runs", "runs"],
    ["an eta that is a date", message({ headers: { eta: "2020-01-01" } }), "runs", "runs"],
    ["a delivery_tag that is a number", message({ properties: { delivery_tag: 5 } }), "runs", "runs"],
    ["protocol 1", protocol1({ task: "tasks.add", id: "1", args: [1, 2], kwargs: {} }), "runs", "runs"],
    ["not JSON", "{", "crash", "crash"],
    ["JSON that is no object", "[1, 2]", "crash", "crash"],
    ["no properties", without("properties"), "crash", "reconnect"],
    ["properties null", message({ properties: undefined }).replace(/"properties":.*$/, '"properties":null}'), "crash", "crash"],
    ["no delivery_tag", message({ properties: { delivery_tag: undefined } }), "crash", "reconnect"],
    ["no exchange", message({ properties: { delivery_info: { routing_key: "celery" } } }), "crash", "reconnect"],
    ["no routing_key", message({ properties: { delivery_info: { exchange: "" } } }), "crash", "reconnect"],
    ["delivery_info that is a list", message({ properties: { delivery_info: ["a"] } }), "crash", "crash"],
    ["bad base64", message().replace(/"body":"[^"]*"/, '"body":"abcde"'), "crash", "crash"],
    ["another body_encoding", message({ properties: { body_encoding: "foo" } }), "crash", "crash"],
    ["a body that is a number", message().replace(/"body":"[^"]*"/, '"body":5'), "crash", "crash"],
    ["headers that are a list", message().replace(/"headers":\{[^}]*\}/, '"headers":["x"]'), "crash", "crash"],
    ["an unknown type in the headers", message({ headers: { x: { __type__: "nope", __value__: 1 } } }), "crash", "crash"],
    ["no id", message({ headers: { id: undefined } }), "crash-loop", "reconnect-loop"],
    ["protocol 1 without id and args", protocol1({ task: "tasks.add" }), "crash-loop", "reconnect-loop"],
    ["a body of two elements", message({ body: [[1], {}] }), "crash-loop", "crash-loop"],
    ["a body of four elements", message({ body: [...BODY, 1] }), "crash-loop", "crash-loop"],
    ["a body that is an object", message({ body: { a: 1 } }), "crash-loop", "crash-loop"],
    ["a body that holds a number", message({ body: 5 }), "crash-loop", "crash-loop"],
    ["no body", without("body"), "crash-loop", "crash-loop"],
    ["no content-type", without("content-type"), "crash-loop", "crash-loop"],
    ["a task name that is a list", message({ headers: { task: ["a"] } }), "crash-loop", "crash-loop"],
    ["a timelimit that is a number", message({ headers: { timelimit: 5 } }), "crash-loop", "crash-loop"],
    ["a timelimit of one", message({ headers: { timelimit: [1] } }), "crash-loop", "crash-loop"],
    ["no headers", without("headers"), "deleted", "deleted"],
    ["headers null", message().replace(/"headers":\{[^}]*\}/, '"headers":null'), "deleted", "deleted"],
    ["a body that is not JSON", message().replace(/"body":"[^"]*"/, '"body":"e2E="'), "deleted", "deleted"],
    ["keyword arguments in a list", message({ body: [[1], [], null] }), "deleted", "deleted"],
    ["an embed that is a text", message({ body: [[1], {}, "x"] }), "deleted", "deleted"],
    ["a bad eta", message({ headers: { eta: "soon" } }), "deleted", "deleted"],
    ["an eta that is a number", message({ headers: { eta: 5 } }), "deleted", "deleted"],
    ["a bad expires", message({ headers: { expires: "" } }), "deleted", "deleted"],
    ["an id that is a number", message({ headers: { id: 5 } }), "deleted", "deleted"],
    ["an id that is null", message({ headers: { id: null } }), "deleted", "deleted"],
    ["an unknown type in the body", message({ body: [[{ __type__: "nope", __value__: 1 }], {}, null] }), "deleted", "deleted"],
    ["protocol 1 without id", protocol1({ task: "tasks.add", args: [], kwargs: {} }), "deleted", "deleted"],
    ["protocol 1 without task", protocol1({ id: "1", args: [], kwargs: {} }), "deleted", "deleted"],
    ["protocol 1 with keyword arguments in a list", protocol1({ task: "t", id: "1", kwargs: [] }), "deleted", "deleted"],
  ])("%s", (_, text, upTo56, from57) => {
    const effect = workerEffect(decodeEnvelope(text));
    expect(effect).toMatchObject({ upTo56, from57 });
    expect(effect.defect === null).toBe(upTo56 === "runs");
    expect(describeEffect(effect) === null).toBe(effect.defect === null);
  });

  test("protocol 1 needs no headers at all", () => {
    const text = JSON.stringify({ ...(JSON.parse(protocol1({ task: "t", id: "1", args: [] })) as object), headers: undefined });
    expect(workerEffect(decodeEnvelope(text)).from57).toBe("runs");
  });

  test("an operator reads it as a sentence", () => {
    const sentence = (text: string) => describeEffect(workerEffect(decodeEnvelope(text)));
    expect(sentence(message({ headers: { id: undefined } }))).toBe(
      "the message names a task but has no id: a worker up to Celery 5.6 that takes the message crashes, the message is restored, " +
        "and the next worker crashes too; one from 5.7 goes into an endless reconnect loop and does nothing else until the message is removed",
    );
    expect(sentence(message({ body: 5 }))).toMatch(/^the body is no list of .*: a worker that takes the message crashes, the message/);
    expect(sentence(message())).toBeNull();
  });

  test.each(["5.4.0", "5.5.3", "5.6.3", "5.7.0"] as const)("a body in plain UTF-8 from %s crashes only workers before 5.4", (release) => {
    const [found] = findIn(recorded(release, "queue-body-utf8")).messages;
    const effect = workerEffect(decodeEnvelope(found?.raw ?? ""));
    expect(effect).toMatchObject({ upTo53: "crash", upTo56: "runs", from57: "runs" });
    expect(describeEffect(effect)).toContain("a worker of Celery 5.2 or 5.3 that takes the message crashes");
  });

  test("signed, compressed and foreign bodies are not accused", () => {
    for (const release of RELEASES) {
      for (const kind of ["queue-signed", "queue-compression", "queue-serializers"]) {
        if (release === "5.4.0" && kind === "queue-signed") continue; // not recorded there
        for (const { raw } of findIn(recorded(release, kind)).messages) {
          expect(workerEffect(decodeEnvelope(raw)).defect).toBeNull();
        }
      }
    }
  });
});
