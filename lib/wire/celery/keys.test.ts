import { describe, expect, test } from "vitest";

import { type RecordedKey, RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { celeryKeys, priorityStep } from "./keys.ts";
import { decodeTaskMessage } from "./task-message.ts";
import { resultKeyPrefix, resultKeys } from "./result-key.ts";

const SEP = "\x06\x16";

describe("queues", () => {
  const keys = celeryKeys();

  test("a message goes to the list of the greatest step that is not above its priority", () => {
    const table: [unknown, number][] = [
      [0, 0],
      [2, 0],
      [3, 3],
      [5, 3],
      [6, 6],
      [8, 6],
      [9, 9],
      [12, 9],
      [-1, 0],
      [null, 0],
      [undefined, 0],
      ["7", 6],
      ["high", 0],
      [Number.NaN, 0],
      [3.9, 3],
    ];
    for (const [priority, step] of table) expect(priorityStep(priority, [0, 3, 6, 9]), String(priority)).toBe(step);
  });

  test.each(RELEASES)("the lists are those that Celery %s pushed to", (release) => {
    for (const kind of ["queue-priority", "queue-dagster-like"]) {
      const { messages } = recorded<{ messages: { key: string; raw: string }[] }>(release, kind);
      for (const { key, raw } of messages) {
        const task = decodeTaskMessage(raw);
        if (!task.ok) throw new Error(task.reason);
        expect(keys.queueList(task.value.routingKey ?? "", task.value.priority)).toBe(key);
        expect(keys.parseQueueList(key)?.queue).toBe(task.value.routingKey);
      }
    }
  });

  test("a queue's lists come in the order of consumption, whatever the order of the setting", () => {
    expect(keys.queueLists("q")).toEqual(["q", `q${SEP}3`, `q${SEP}6`, `q${SEP}9`]);
    const other = celeryKeys({ prioritySteps: [5, 0], sep: ":", globalKeyprefix: "app:" });
    expect(other.queueLists("q")).toEqual(["app:q", "app:q:5"]);
  });

  test("a list key is read back to queue and step", () => {
    expect(keys.parseQueueList("celery")).toEqual({ queue: "celery", step: 0 });
    expect(keys.parseQueueList(`celery${SEP}6`)).toEqual({ queue: "celery", step: 6 });
    expect(keys.parseQueueList(`odd${SEP}name`)).toEqual({ queue: `odd${SEP}name`, step: 0 });
    expect(celeryKeys({ globalKeyprefix: "app:" }).parseQueueList("celery")).toBeNull();
    expect(celeryKeys({ globalKeyprefix: "app:" }).parseQueueList("app:")).toBeNull();
  });

  test("reply lists are told apart from task queues", () => {
    expect(keys.replyQueue("oid")).toBe("oid.reply.celery.pidbox");
    expect(keys.isReplyQueue("oid.reply.celery.pidbox")).toBe(true);
    expect(keys.isReplyQueue("celery")).toBe(false);
  });
});

describe("channels", () => {
  test("are found by pattern, plainly, and in the form of an old Sentinel fleet", () => {
    const keys = celeryKeys({ db: 3 });
    expect(keys.eventPatterns).toEqual(["/3.celeryev/*", "/{db}.celeryev/*"]);
    expect(keys.eventChannels).toEqual(["/3.celeryev", "/{db}.celeryev"]);
    expect(keys.controlChannel).toBe("/3.celery.pidbox");
    expect(keys.sentinelControlChannel).toBe("/{db}.celery.pidbox");
    expect(keys.fanoutChannel("news", "celery")).toBe("/3.news/celery");
  });

  test("obey the fanout settings", () => {
    const bare = celeryKeys({ fanoutPrefix: false, fanoutPatterns: false });
    expect(bare.eventPatterns).toEqual(["celeryev/*"]);
    expect(bare.fanoutChannel("news", "celery")).toBe("news");
    expect(celeryKeys({ db: 2, fanoutPrefix: "x{db}-" }).controlChannel).toBe("x2-celery.pidbox");
  });

  test("a prefix with glob characters stands for itself in a pattern", () => {
    expect(celeryKeys({ globalKeyprefix: "a*[b]:" }).eventPatterns[0]).toBe("a\\*\\[b\\]:/0.celeryev/*");
    expect(celeryKeys({ globalKeyprefix: "a?" }).bindingPattern).toBe("a\\?_kombu.binding.*");
  });
});

describe("an application with a global key prefix", () => {
  type Prefixed = { broker_keys: RecordedKey[]; backend_keys: RecordedKey[]; channels: string[] };

  test.each(RELEASES)("has its keys and channels where Celery %s had them", (release) => {
    const { broker_keys, backend_keys, channels } = recorded<Prefixed>(release, "keyprefix-worker");
    const keys = celeryKeys({ globalKeyprefix: "myapp:", resultKeyprefix: resultKeyPrefix("myapp:", release) });
    const names = broker_keys.map(({ key }) => key);
    expect(names).toEqual(expect.arrayContaining([keys.unacked, keys.unackedIndex, keys.bindings("celery")]));
    expect(names.flatMap((name) => keys.parseBindings(name) ?? [])).toEqual(["celery", "celery.pidbox", "celeryev"]);
    if (release === "5.7.0") expect(names).toEqual(expect.arrayContaining([keys.bindingDeadlines, keys.permanentBindings("celery")]));
    expect(channels).toEqual(expect.arrayContaining([keys.controlChannel, keys.fanoutChannel("celeryev", "task.multi")]));
    const [meta] = backend_keys.filter(({ key }) => key.includes("task-meta"));
    const id = keys.result.taskId(meta?.key ?? "") ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys.result.task(id)).toBe(meta?.key);
    expect(channels).toContain(keys.result.task(id));
  });

  test("has a result prefix by release", () => {
    const table: [string, string, string][] = [
      ["", "5.3.6", ""],
      ["app", "5.2.7", ""],
      ["app", "4.4.7", ""],
      ["app", "5.3.0", "app_"],
      ["app:", "5.4.0", "app:_"],
      ["app:", "5.5.0", "app:"],
      ["app", "5.5.0", "app_"],
      ["app.", "5.6.3", "app."],
      ["app-", "5.7.0", "app-"],
      ["app_", "6.0", "app_"],
      ["app", "", "app_"],
    ];
    for (const [prefix, version, expected] of table) expect(resultKeyPrefix(prefix, version), `${prefix} ${version}`).toBe(expected);
  });
});

describe("result keys", () => {
  const keys = resultKeys("");

  test("the keys of a recorded chord are read back", () => {
    const { group_id } = recorded<{ group_id: string }>("5.7.0", "chord-keys");
    const parts = findIn(recorded("5.7.0", "chord-keys")).keys.map(({ key }) => keys.groupId(key));
    expect(parts).toEqual(expect.arrayContaining(["counted", "parts", "size"].map((part) => ({ id: group_id, part }))));
    expect(keys.groupId(keys.group(group_id))).toEqual({ id: group_id, part: null });
    expect([keys.chordSize("g"), keys.chordParts("g"), keys.chordExtra("g"), keys.chordCounted("g"), keys.chordClaim("g")]).toEqual(
      ["s", "j", "t", "d", "c"].map((letter) => `celery-taskset-meta-g.${letter}`),
    );
  });

  test("other keys are none of them", () => {
    expect(keys.taskId("celery-task-meta-")).toBeNull();
    expect(keys.taskId("celery-taskset-meta-x")).toBeNull();
    expect(keys.groupId("celery-task-meta-x")).toBeNull();
    expect(resultKeys("app_").taskId("celery-task-meta-x")).toBeNull();
  });
});

test("RedBeat's keys have two colons", () => {
  const { redbeat } = celeryKeys();
  expect([redbeat.schedule, redbeat.statics, redbeat.lock]).toEqual(["redbeat::schedule", "redbeat::statics", "redbeat::lock"]);
  expect(redbeat.entryName(redbeat.entry("nightly"))).toBe("nightly");
  expect(redbeat.entryName("other:nightly")).toBeNull();
});
