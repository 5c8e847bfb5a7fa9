import { describe, expect, test } from "vitest";

import type { Value } from "../python/value.ts";
import { decodeChordCount, decodeChordPart, decodeCountedPart, readChordClaim } from "./chord.ts";
import { type Json, type RecordedKey, type Release, RELEASES, bytesOf, findIn, recorded } from "./fixtures/recorded.ts";
import { decodeSavedGroup } from "./group.ts";
import { plainValue } from "./plain-value.ts";
import { type ResultMeta, decodeResultMeta } from "./result.ts";
import { taskIdsOf } from "./result-tuple.ts";

function meta(bytes: Uint8Array): ResultMeta {
  const decoded = decodeResultMeta(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

const fromJson = (json: Json) => meta(Buffer.from(JSON.stringify(json)));

/** The meta under a name in a recording. */
function stored(release: Release, kind: string, name = "meta"): ResultMeta {
  return fromJson(recorded(release, kind)[name] ?? null);
}

function storedKey(release: Release, kind: string): ResultMeta {
  return meta(bytesOf(recorded<{ key: RecordedKey }>(release, kind).key.value));
}

describe.each(RELEASES)("a result of Celery %s", (release) => {
  test("of success", () => {
    expect(stored(release, "result-success")).toMatchObject({
      status: "SUCCESS",
      result: 5,
      exception: null,
      startedBy: null,
      traceback: null,
      children: [],
      name: null,
      writtenByRevokeCommand: false,
    });
    // Every recording was made in these two days, whatever form the date has.
    const { doneAt } = stored(release, "result-success");
    expect(doneAt).toBeGreaterThan(Date.UTC(2026, 10, 20));
    expect(doneAt).toBeLessThan(Date.UTC(2026, 10, 22));
  });

  test("of failure", () => {
    expect(stored(release, "result-failure")).toMatchObject({
      status: "FAILURE",
      exception: { type: "ValueError", module: "builtins", args: ["boom", 7] },
      traceback: expect.stringContaining("ValueError: ('boom', 7)"),
    });
    expect(stored(release, "result-failure-nested").exception).toMatchObject({ type: "Outer.Nested", module: "__main__" });
    expect(stored(release, "result-not-registered").exception).toMatchObject({ type: "NotRegistered", text: "tasks.not_there" });
    expect(stored(release, "result-hard-time-limit")).toMatchObject({
      exception: { type: "TimeLimitExceeded", module: "billiard.exceptions", args: [1], text: "1" },
      traceback: null,
    });
    expect(stored(release, "result-soft-time-limit").exception).toMatchObject({ args: [], text: "" });
    expect(stored(release, "result-worker-lost").exception?.text).toMatch(/^Worker exited prematurely/);
  });

  test("of a task that runs, reports, or will run again", () => {
    expect(stored(release, "result-started").startedBy).toEqual({ pid: expect.any(Number), hostname: "w1@node1" });
    const progress = stored(release, "result-progress");
    expect(progress).toMatchObject({ status: "PROGRESS", doneAt: null, exception: null });
    expect(plainValue(progress.result)).toEqual({ done: 3, total: 10 });
    const retry = stored(release, "result-retry");
    expect(retry).toMatchObject({ status: "RETRY", exception: { type: "KeyError", text: "not yet" }, doneAt: null });
    expect(taskIdsOf(retry.children ?? [])).toEqual([retry.taskId]);
    expect(stored(release, "result-retry-success")).toMatchObject({ status: "SUCCESS", parentId: null, parentIsSelf: true });
  });

  test("of tasks that were stopped", () => {
    expect(stored(release, "result-expired").exception?.text).toBe("expired");
    expect(stored(release, "result-terminated").exception).toMatchObject({ type: "TaskRevokedError", text: "terminated" });
    expect(stored(release, "result-revoked").exception?.text).toBe("revoked");
  });

  test("with what it sent", () => {
    const { children } = stored(release, "result-children");
    expect(children?.map(({ members }) => members?.length ?? null)).toEqual([null, 2]);
    expect(taskIdsOf(children ?? [])).toHaveLength(3);
  });

  test("with result_extended", () => {
    expect(stored(release, "result-extended", "success")).toMatchObject({
      name: "tasks.slow",
      args: [1.5],
      kwargs: { $: "dict", items: [] },
      worker: "w3@node3",
      retries: 0,
      queue: "celery",
      stamps: [],
    });
    if (release !== "5.2.6") expect(stored(release, "result-extended-stamped").stamps).toEqual([["customer", "c-42"]]);
  });

  test.each(["msgpack", "pickle", "yaml"])("stored with %s", (serializer) => {
    const read = storedKey(release, `result-serializer-${serializer}`);
    expect(read).toMatchObject({ status: "SUCCESS", taskId: "33333333-3333-3333-3333-333333333333", doneAt: expect.any(Number) });
    expect(plainValue(read.result)).toEqual({ n: 1, t: [1, 2] });
  });

  test("of a chord and its parts", () => {
    const { in_flight } = recorded<{ in_flight: RecordedKey[] }>(release, "chord-keys");
    const parts = in_flight.find(({ key }) => key.endsWith(".j"))?.value as [string, number][];
    expect(parts.map(([member]) => decodeChordPart(Buffer.from(member)))).toMatchObject([
      { ok: true, value: { state: "SUCCESS", result: 2, exception: null } },
      { ok: true, value: { state: "SUCCESS", result: 6 } },
    ]);
    expect(stored(release, "chord-failure", "body_meta").exception).toMatchObject({
      type: "ChordError",
      module: "celery.exceptions",
      text: expect.stringMatching(/^Dependency \S+ raised ValueError\('header failed', 7\)$/),
    });
    const failed = findIn(recorded(release, "chord-failure")).keys.find(({ key }) => key.endsWith(".j"))?.value as [string, number][];
    const states = failed.map(([member]) => decodeChordPart(Buffer.from(member)));
    expect(states).toContainEqual({
      ok: true,
      value: expect.objectContaining({ state: "FAILURE", exception: expect.objectContaining({ type: "ValueError" }) }),
    });
  });

  test("of a saved group", () => {
    const { key } = recorded<{ key: RecordedKey }>(release, "result-group");
    const group = decodeSavedGroup(bytesOf(key.value));
    expect(group).toMatchObject({ ok: true, value: { parent: null, members: [{ members: null }, { members: null }] } });
    expect(key.key).toBe(`celery-taskset-meta-${group.ok ? group.value.id : ""}`);
  });
});

describe("what only some releases store", () => {
  test("a compressed meta (5.7)", () => {
    expect(storedKey("5.7.0", "result-compression")).toMatchObject({ status: "SUCCESS", doneAt: expect.any(Number) });
    const bytes = bytesOf(recorded<{ key: RecordedKey }>("5.7.0", "result-compression").key.value);
    expect(decodeResultMeta(bytes, { maxBytes: 10 })).toMatchObject({ ok: false });
    expect(decodeResultMeta(bytes.subarray(0, 25))).toMatchObject({ ok: false });
  });

  test("a rejection (5.7)", () => {
    const { metas } = recorded<{ metas: { reject: Json } }>("5.7.0", "result-none");
    expect(fromJson(metas.reject).exception).toMatchObject({ type: "Reject", args: ["no thanks", false] });
  });

  test("a REVOKED of the command has no children; the one of the worker that took the task has a list", () => {
    const revoked = (children: Json) => fromJson({ status: "REVOKED", task_id: "1", children }).writtenByRevokeCommand;
    expect([revoked(null), revoked([])]).toEqual([true, false]);
  });

  test("an exception that Python could not pickle", () => {
    const result = {
      exc_type: "UnpickleableExceptionWrapper",
      exc_module: "celery.utils.serialization",
      exc_message: ["app.errors", "Locked", ["door", 4], "Locked('door', 4)"],
    };
    expect(fromJson({ status: "FAILURE", result }).exception).toMatchObject({ type: "Locked", module: "app.errors", args: ["door", 4] });
    const bare = { ...result, exc_message: ["app.errors", "Locked", [], "Locked()"] };
    expect(fromJson({ status: "FAILURE", result: bare }).exception).toMatchObject({ type: "Locked", args: [], text: "Locked()" });
  });

  test("a pickled exception is named and never built", () => {
    // pickle.dumps({"status": "FAILURE", "result": ValueError("boom"), "task_id": "1"}, protocol=2)
    const pickle =
      "gAJ9cQAoWAYAAABzdGF0dXNxAVgHAAAARkFJTFVSRXECWAYAAAByZXN1bHRxA2NleGNlcHRpb25zClZhbHVlRXJyb3IKcQRYBAAAAGJvb21xBYVxBlJxB1gHAAAAdGFza19pZHEIWAEAAAAxcQl1Lg==";
    const { exception } = meta(Buffer.from(pickle, "base64"));
    expect(exception).toMatchObject({ type: "ValueError", args: ["boom"], text: "boom" });
  });

  test("keys of a chord", () => {
    expect(decodeChordCount("3")).toEqual({ ok: true, value: 3 });
    expect(decodeChordCount("three")).toMatchObject({ ok: false });
    expect(decodeCountedPart("773a:0")).toEqual({ ok: true, value: { taskId: "773a", groupIndex: 0 } });
    expect(decodeCountedPart("a:b:+inf")).toEqual({ ok: true, value: { taskId: "a:b", groupIndex: null } });
    expect(decodeCountedPart("773a")).toMatchObject({ ok: false });
    expect([readChordClaim("done"), readChordClaim("349a29152fe74e85")]).toEqual(["done", "claimed"]);
    expect(decodeChordPart(Buffer.from("[1]"))).toMatchObject({ ok: false });
    expect(decodeSavedGroup(Buffer.from('{"result": [["g", null], null]}'))).toMatchObject({ ok: false });
  });

  test("what is no meta is refused with a reason", () => {
    for (const text of ["", "null", "[]", "{}", '{"status": 5}', "\0celery-compressed\0", "\0celery-compressed\0nope\0x"]) {
      expect(decodeResultMeta(Buffer.from(text)), text).toMatchObject({ ok: false, reason: expect.any(String) });
    }
  });

  test("a failure in words instead of an exception is kept", () => {
    const value: Value = "it broke";
    expect(fromJson({ status: "FAILURE", result: value }).exception).toMatchObject({ text: "it broke" });
  });
});
