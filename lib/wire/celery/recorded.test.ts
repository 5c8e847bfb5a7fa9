import { describe, expect, test } from "vitest";

import { decodeChordCount, decodeChordPart, decodeCountedPart, readChordClaim } from "./chord.ts";
import { parseBinding } from "./binding.ts";
import { decodeEnvelope } from "./envelope.ts";
import { decodeEvents } from "./event.ts";
import { type RecordedKey, type RecordedMessage, RELEASES, bytesOf, findIn, kinds, recorded, textOf } from "./fixtures/recorded.ts";
import { decodeSavedGroup } from "./group.ts";
import { CELERY_KEY_DEFAULTS, celeryKeys } from "./keys.ts";
import { decodePidboxReply } from "./pidbox-reply.ts";
import { plainValue } from "./plain-value.ts";
import { decodeRedbeatEntry } from "./redbeat.ts";
import { decodeResultMeta } from "./result.ts";
import { decodeTaskMessage } from "./task-message.ts";
import { decodeUnacked } from "./unacked.ts";

const { sep } = CELERY_KEY_DEFAULTS;
const keys = celeryKeys();

function value<T>(decoded: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

function checkMessage({ raw, envelope, body }: RecordedMessage): string {
  const read = value(decodeEnvelope(raw));
  expect(read).toMatchObject({ raw, body: envelope["body"], headers: envelope["headers"], properties: envelope["properties"] });
  const { exchange } = value(decodeTaskMessage(raw));
  if (exchange === "celeryev") {
    const batch = value(decodeEvents(raw));
    expect(batch.problems).toEqual([]);
    expect(batch.events).toHaveLength(Array.isArray(body) ? body.length : 1);
    return "event";
  }
  if (exchange === "reply.celery.pidbox") {
    const replies = value(decodePidboxReply(raw));
    expect(replies.map(({ node }) => node)).toEqual(Object.keys(body as object));
    for (const { payload, node } of replies) expect(plainValue(payload)).toEqual((body as Record<string, unknown>)[node]);
    return "reply";
  }
  if (exchange === "celery.pidbox") return "request";
  checkTask(raw, body);
  return "task";
}

function checkTask(raw: string, body: unknown): void {
  const task = value(decodeTaskMessage(raw));
  expect(task.problems).toEqual([]);
  // The one recorded message that older releases could not read.
  const utf8 = task.envelope.properties?.["body_encoding"] === "utf-8";
  expect(task.effect).toMatchObject({ upTo53: utf8 ? "crash" : "runs", upTo56: "runs", from57: "runs" });
  expect(task.name).toMatch(/^(tasks\.|celery\.|execute_)/);
  const typed = task.envelope.raw.includes('"tasks.echo"'); // holds values that JSON writes as `__type__` objects
  if (Array.isArray(body) && !typed) expect([plainValue(task.args), plainValue(task.kwargs)]).toEqual(body.slice(0, 2));
}

function checkKey({ key, type, value: stored }: RecordedKey): string {
  const name = key.replace(/^myapp:(_(?=celery-))?/, "");
  const texts = Array.isArray(stored) ? stored : [];
  if (type === "list") {
    for (const text of texts) {
      if (name.endsWith("pidbox")) value(decodePidboxReply(textOf(text)));
      else checkTask(textOf(text), null);
    }
    return "queue";
  }
  if (type === "hash" && name === "unacked") {
    for (const [tag, text] of Object.entries(stored as Record<string, string>)) {
      const held = value(decodeUnacked(text));
      expect(held.envelope.properties?.["delivery_tag"]).toBe(tag);
      checkTask(held.envelope.raw, null);
    }
    return "unacked";
  }
  if (type === "hash") {
    const { definition, meta } = stored as { definition: string; meta: string };
    expect(value(decodeRedbeatEntry(definition, meta)).name).toBe(keys.redbeat.entryName(name));
    return "redbeat";
  }
  if (type === "set" && name.startsWith("_kombu.binding")) {
    for (const member of texts) value(parseBinding(textOf(member), sep));
    return "binding";
  }
  const group = keys.result.groupId(name);
  if (group !== null) {
    if (group.part === null) expect(value(decodeSavedGroup(bytesOf(stored))).id).toBe(group.id);
    if (group.part === "parts") for (const pair of texts) value(decodeChordPart(bytesOf((pair as [string, number])[0])));
    if (group.part === "size") value(decodeChordCount(textOf(stored)));
    if (group.part === "counted") for (const member of texts) value(decodeCountedPart(textOf(member)));
    if (group.part === "claim") expect(readChordClaim(textOf(stored))).toBe("claimed");
    return `group ${group.part ?? "saved"}`;
  }
  const id = keys.result.taskId(name);
  if (id !== null) {
    expect(value(decodeResultMeta(bytesOf(stored))).taskId).toBe(id);
    return "meta";
  }
  expect(name).toMatch(/^(unacked_index|unacked_mutex|_kombu\.binding_deadlines|redbeat::(schedule|statics|lock))$/);
  return "other";
}

describe.each(RELEASES)("what Celery %s put on Redis is read", (release) => {
  test.each(kinds(release))("%s", (kind) => {
    const { messages, keys: dumped, metas } = findIn(recorded(release, kind));
    for (const message of messages) checkMessage(message);
    for (const key of dumped) checkKey(key);
    for (const meta of metas) expect(value(decodeResultMeta(bytesOf(JSON.stringify(meta)))).status).toBe(meta["status"]);
  });

  test("and nothing is missing from the recordings", () => {
    const seen = new Set<string>();
    for (const kind of kinds(release)) {
      const { messages, keys: dumped, metas } = findIn(recorded(release, kind));
      for (const message of messages) seen.add(checkMessage(message));
      for (const key of dumped) seen.add(checkKey(key));
      if (metas.length > 0) seen.add("parsed meta");
    }
    const always = ["event", "reply", "request", "task", "queue", "unacked", "binding", "group saved", "group parts", "group size", "meta"];
    expect([...seen]).toEqual(expect.arrayContaining([...always, "parsed meta"]));
    if (release !== "5.2.6") expect(seen).toContain("redbeat");
    if (release === "5.7.0") expect([...seen]).toEqual(expect.arrayContaining(["group counted", "group claim"]));
  });
});
