import { describe, expect, test } from "vitest";
import { type Release, RELEASES, findIn, kinds, recorded } from "../../wire/celery/fixtures/recorded.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { idsIn, mayBeOf } from "./message-ids.ts";

const recordedMessages = (release: Release) =>
  kinds(release)
    .filter((kind) => kind.startsWith("queue-"))
    .flatMap((kind) => findIn(recorded(release, kind)).messages.map(({ raw }) => raw));

describe.each(RELEASES)("in every message of Celery %s", (release) => {
  test("its id is found without decoding it", () => {
    for (const raw of recordedMessages(release)) {
      const message = decodeTaskMessage(raw);
      const id = message.ok ? message.value.id : null;
      if (id === null) continue;
      expect(idsIn(raw)).toContain(id);
      expect(mayBeOf(raw, id)).toBe(true);
      expect(mayBeOf(raw, "another")).toBe(false);
    }
  });
});

const ID = 'a "quoted" \\ ünïcode 🌷 id';

test.each([
  ["as Python writes it", JSON.stringify(ID).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)],
  ["as JavaScript writes it", JSON.stringify(ID)],
])("an odd id is found %s", (_, text) => {
  const raw = `{"headers" : {"root_id": "other", "id" : ${text}}}`;
  expect(idsIn(raw)).toEqual([ID]);
  expect(mayBeOf(raw, ID)).toBe(true);
});

test("of protocol 1 without correlation_id it is found in the body", () => {
  const body = Buffer.from(JSON.stringify({ task: "add", id: "one", args: [], kwargs: {} })).toString("base64");
  const properties = { body_encoding: "base64", delivery_tag: "d" };
  expect(idsIn(JSON.stringify({ body, "content-type": "application/json", "content-encoding": "utf-8", headers: {}, properties }))).toEqual(
    ["one"],
  );
});
