import { describe, expect, test } from "vitest";

import type { Value } from "../python/value.ts";
import { type Release, RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { plainValue } from "./plain-value.ts";
import type { Signature } from "./signature.ts";
import { type TaskMessage, decodeTaskMessage } from "./task-message.ts";
import { decodeUnacked } from "./unacked.ts";

function task(raw: string): TaskMessage {
  const decoded = decodeTaskMessage(raw);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

/** The messages of a recording as they lay in the list: the first is the one that was sent first. */
function tasks(release: Release, kind: string): TaskMessage[] {
  return recorded<{ messages: { raw: string }[] }>(release, kind)
    .messages.map(({ raw }) => task(raw))
    .reverse();
}

function only(release: Release, kind: string): TaskMessage {
  const [first] = tasks(release, kind);
  if (first === undefined) throw new Error(`no message in ${kind}`);
  return first;
}

const names = (signatures: Signature[]) => signatures.map(({ task: name, args }) => [name, plainValue(args)]);

describe.each(RELEASES)("a message of Celery %s", (release) => {
  test("as plain as can be", () => {
    const plain = only(release, "queue-plain");
    expect(plain).toMatchObject({
      protocol: 2,
      name: "tasks.add",
      args: [2, 3],
      kwargs: { $: "dict", items: [] },
      json: { args: "[2, 3]", kwargs: "{}", embed: '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}' },
      argsRepr: "(2, 3)",
      retries: 0,
      etaAt: null,
      rootId: plain.id,
      parentId: null,
      parentIsSelf: false,
      hardLimitMs: null,
      priority: 0,
      exchange: "",
      routingKey: "celery",
      redelivered: false,
      serializer: "json",
      signed: false,
      customHeaders: [],
      stamps: [],
      sentByBeat: false,
      problems: [],
    });
    expect(plain.origin).toMatch(/^gen\d+@client-host$/);
  });

  test("with most options", () => {
    expect(only(release, "queue-options")).toMatchObject({
      id: "11111111-1111-1111-1111-111111111111",
      shadow: "shadow.name",
      kwargs: { $: "dict", items: [["y", 3]] },
      argsRepr: "(<hidden>,)",
      hardLimitMs: 60_000,
      softLimitMs: 30_000,
      ignoresResult: true,
      expiresAt: expect.any(Number),
      customHeaders: [["x-trace", "abc"]],
    });
  });

  test("with an ETA", () => {
    expect(only(release, "queue-eta").etaAt).toBeGreaterThan(Date.UTC(2026, 10, 20));
  });

  test("of protocol 1", () => {
    expect(only(release, "queue-protocol1")).toMatchObject({
      protocol: 1,
      name: "tasks.add",
      args: [2, 3],
      json: null,
      retries: 0,
      etaAt: expect.any(Number),
      problems: [],
    });
  });

  test("in a chain, whose rest comes in execution order", () => {
    expect(names(only(release, "queue-chain").chain)).toEqual([
      ["tasks.add", [10]],
      ["tasks.mul", [2]],
    ]);
    const [chord] = only(release, "queue-chain-of-group").chain;
    expect(chord).toMatchObject({ kind: "chord", body: { task: "tasks.tsum" } });
    expect(names(chord?.members ?? [])).toEqual([
      ["tasks.add", [10]],
      ["tasks.add", [20]],
    ]);
    expect(chord?.members.map(({ groupIndex }) => groupIndex)).toEqual([0, 1]);
  });

  test("in a chord", () => {
    const parts = tasks(release, "queue-chord");
    expect(parts.map(({ groupIndex }) => groupIndex)).toEqual([0, 1]);
    const [first] = parts;
    expect(first?.chord).toMatchObject({ task: "tasks.tsum", kind: "task", id: expect.any(String) });
    expect(new Set(parts.map(({ groupId }) => groupId)).size).toBe(1);
    const bodyGroup = release === "5.6.3" || release === "5.7.0" ? first?.groupId : null;
    expect(first?.chord?.groupId).toBe(bodyGroup);
  });

  test("with callbacks and errbacks", () => {
    const links = only(release, "queue-links");
    expect(links.callbacks).toMatchObject([
      { task: "tasks.mul", immutable: false },
      { task: "tasks.mul", immutable: true },
    ]);
    expect(names(links.errbacks)).toEqual([["tasks.on_error", []]]);
  });

  test("that was retried: it is not its own parent", () => {
    const { unacked } = recorded<{ unacked: { value: { [tag: string]: string } } }>(release, "unacked-retry");
    const [text = ""] = Object.values(unacked.value);
    const held = decodeUnacked(text);
    if (!held.ok) throw new Error(held.reason);
    expect(held.value).toMatchObject({ exchange: "", routingKey: "celery" });
    expect(text).toContain(held.value.envelope.raw);
    expect(task(held.value.envelope.raw)).toMatchObject({ retries: 1, parentId: null, parentIsSelf: true, etaAt: expect.any(Number) });
  });

  test("that was restored", () => {
    const { after } = recorded<{ after: { key: string; type: string; value: string[] }[] }>(release, "unacked-restore");
    const lists = after.filter(({ type }) => type === "list");
    expect(lists.flatMap(({ value }) => value).map((raw) => task(raw).redelivered)).toEqual([true, true]);
  });

  test("in every serializer", () => {
    const sent = tasks(release, "queue-serializers");
    expect(new Set(sent.map(({ serializer }) => serializer))).toEqual(new Set(["json", "msgpack", "pickle", "yaml"]));
    for (const { args, problems } of sent) expect([plainValue(args), problems]).toEqual([[2, 3], []]);
  });

  test("in every compression", () => {
    const sent = tasks(release, "queue-compression");
    expect(sent.length).toBeGreaterThanOrEqual(4);
    for (const { compression, args } of sent) {
      expect(compression).toMatch(/^application\//);
      expect(plainValue(args)).toEqual(plainValue(sent[0]?.args ?? null));
    }
  });

  test("with the types that JSON lacks", () => {
    const values = tasks(release, "queue-json-types").flatMap(({ args }) => (Array.isArray(args) ? args : []));
    const expected: Value[] =
      release === "5.2.6"
        ? ["2024-05-06T07:08:09.123456Z", "1.50"]
        : [
            { $: "datetime", text: "2024-05-06T07:08:09.123456+00:00" },
            { $: "date", text: "2024-05-06" },
            { $: "decimal", text: "1.50" },
            { $: "uuid", text: "12345678-1234-5678-1234-567812345678" },
            { $: "bytes", base64: "//4=" },
          ];
    for (const value of expected) expect(values).toContainEqual(value);
  });

  test("with stamps, from 5.3 on", () => {
    if (release === "5.2.6") return;
    const stamped = tasks(release, "queue-stamped");
    expect(stamped.some(({ stamps }) => stamps.length > 0)).toBe(true);
    expect(stamped.flatMap(({ customHeaders }) => customHeaders)).toEqual([]);
  });

  test("from beat, which says so from 5.7", () => {
    expect(only(release, "queue-beat").sentByBeat).toBe(release === "5.7.0");
  });

  test("for every subscriber", () => {
    const [broadcast] = findIn(recorded(release, "queue-broadcast")).messages;
    expect(task(broadcast?.raw ?? "")).toMatchObject({ exchange: "bcast_tasks", routingKey: "celery", args: [1, 2] });
  });
});

test("`ignore_result` can be left to the task from 5.7", () => {
  expect(only("5.7.0", "queue-signed").ignoresResult).toBeNull();
  expect(only("5.6.3", "queue-signed").ignoresResult).toBe(false);
});

describe("what is broken costs no more than itself", () => {
  const plain = only("5.6.3", "queue-plain").envelope.raw;
  const changed = (
    change: (message: { body: string; headers: { [name: string]: unknown }; properties: { [name: string]: unknown } }) => void,
  ) => {
    const message = JSON.parse(plain) as { body: string; headers: { [name: string]: unknown }; properties: { [name: string]: unknown } };
    change(message);
    return task(JSON.stringify(message));
  };

  test("an unreadable body leaves the headers", () => {
    const read = changed((message) => (message.body = Buffer.from("[[1").toString("base64")));
    expect(read).toMatchObject({
      name: "tasks.add",
      argsRepr: "(2, 3)",
      args: null,
      kwargs: null,
      json: null,
      effect: { from57: "deleted" },
    });
    expect(read.problems).toHaveLength(1);
  });

  test("an unknown compression leaves the headers", () => {
    const read = changed((message) => (message.headers["compression"] = "application/x-foo"));
    expect(read).toMatchObject({ name: "tasks.add", args: null, compression: "application/x-foo" });
    expect(read.problems).toHaveLength(1);
  });

  test("every missing part is named", () => {
    const read = changed((message) => {
      delete message.headers["id"];
      delete message.properties["delivery_tag"];
      message.headers["eta"] = "soon";
    });
    expect(read.problems).toEqual(["the message has no id", "eta is no ISO 8601 time", "the message has no delivery_tag"]);
    expect(read.args).toEqual([2, 3]);
  });

  test.each<[string, string]>([
    ['"retries": 0', '"retries": "many"'],
    ['"retries": 0', '"retries": -1'],
    ['"group": null', '"group": {}'],
    ['"root_id": "', '"root_id": 7, "was": "'],
    ['"shadow": null', '"shadow": ["x"]'],
    ['"argsrepr": "', '"argsrepr": {}, "was": "'],
  ])("%s instead of %s is named, and the task is shown without it", (right, wrong) => {
    expect(plain).toContain(right);
    const read = task(plain.replace(right, wrong));
    expect(read).toMatchObject({ name: "tasks.add", args: [2, 3], effect: { defect: null } });
    expect(read.problems).toEqual([expect.stringMatching(new RegExp(`^${right.slice(1, right.indexOf('":'))} is no (text|count)$`))]);
  });

  test("what is to follow the task is named where it is no list of signatures", () => {
    const embed = { callbacks: [1], errbacks: "x", chain: { task: "x" }, chord: null };
    const read = changed((message) => (message.body = Buffer.from(JSON.stringify([["a"], {}, embed])).toString("base64")));
    expect(read.problems).toEqual(["callbacks", "errbacks", "chain"].map((name) => `${name} is no list of signatures`));
    expect(read).toMatchObject({ args: ["a"], callbacks: [], chain: [] });
  });

  test("headers of the caller keep integers that JavaScript cannot hold, and names that JavaScript knows", () => {
    const raw = plain.replace('"lang": "py"', '"lang": "py", "x-id": 18446744073709551615, "constructor": 1, "__proto__": 2');
    expect(task(raw).customHeaders).toEqual([
      ["x-id", { $: "int", text: "18446744073709551615" }],
      ["constructor", 1],
      ["__proto__", 2],
    ]);
  });

  test("arguments go out as they came in, NaN and big integers included", () => {
    const body = '[[12345678901234567890, NaN, 1.0, {"b": 1, "a": "]\\"["}], {"k": [1e400]}, null]';
    const read = changed((message) => (message.body = Buffer.from(body).toString("base64")));
    expect(read.json).toEqual({
      args: '[12345678901234567890, NaN, 1.0, {"b": 1, "a": "]\\"["}]',
      kwargs: '{"k": [1e400]}',
      embed: "null",
    });
    expect(read.effect.defect).toBeNull();
  });

  test("what is no message at all is refused with a reason", () => {
    expect(decodeTaskMessage("{")).toMatchObject({ ok: false, reason: expect.stringContaining("not JSON") });
    expect(decodeTaskMessage("null")).toEqual({ ok: false, reason: "the message is no JSON object" });
  });
});
