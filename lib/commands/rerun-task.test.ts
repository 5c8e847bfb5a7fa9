import { beforeEach, describe, expect, test } from "vitest";
import type { RerunRequest } from "../contract/task.ts";
import { AppError, errorCode } from "../errors.ts";
import type { Payload } from "../model/event.ts";
import { LOCAL_OPERATOR, type Viewer } from "../model/viewer.ts";
import { getRerunDraft } from "../queries/get-rerun-draft.ts";
import { getTask } from "../queries/get-task.ts";
import { type TestMonitor, taskEvent, testMonitor } from "../testing/monitor.ts";
import { encodeTaskMessage } from "../wire/celery/encode-task.ts";
import { rerunTask } from "./rerun-task.ts";

const AT = Date.now() - 60_000;
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

/** A task that was received with these arguments, and failed. */
async function failedWith(payload: Payload): Promise<void> {
  await prod.tell(
    taskEvent("task.sent", "old", AT, { name: "mail.send", queue: "mail" }),
    taskEvent("task.received", "old", AT + 10, { name: "mail.send", payload }),
    taskEvent("task.failed", "old", AT + 20, {}),
  );
}

function rerun(request: Partial<RerunRequest> = {}, viewer: Viewer = LOCAL_OPERATOR) {
  return rerunTask(prod.monitor, viewer, { id: "old" }, { confirm: true, ...request });
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return errorCode(await promise.catch((error: unknown) => error));
}

/** The message of the old task as a producer would have sent it. */
function message(argsJson: string): string {
  const embedJson =
    '{"callbacks": null, "errbacks": null, "chain": [{"task": "mail.log", "args": [], "kwargs": {}, "options": {}, "subtask_type": null, "immutable": false}], "chord": null}';
  const text = encodeTaskMessage({
    id: "old",
    name: "mail.real_name",
    argsJson,
    kwargsJson: "{}",
    embedJson,
    queue: "mail",
    priority: 3,
    deliveryTag: "tag",
    origin: "gen1@a",
    argsRepr: "(…)",
    kwargsRepr: "{}",
  });
  if (!text.ok) throw new Error(text.reason);
  return text.value;
}

const BIG = "[12345678901234567890, 1.0]";
const repr = (args: string, kwargs = "{}"): Payload => ({ args, kwargs, argsForm: "repr" });

describe("the arguments of a rerun", () => {
  test("are those of the message that still lies on the broker, character by character", async () => {
    await failedWith(repr("(1,)"));
    prod.broker.messages.set("old", { raw: message(BIG), place: "unacked", queue: "mail", takenAt: AT });
    expect(await getRerunDraft(prod.monitor, LOCAL_OPERATOR, { id: "old" })).toEqual({
      id: "old",
      name: "mail.real_name",
      queue: "mail",
      priority: 3,
      args: BIG,
      kwargs: "{}",
      source: "unacked",
      reason: "The arguments are those of its message. Not sent again: the rest of its chain.",
    });
  });

  test("are those of the message that was seen before it was taken", async () => {
    await prod.tell(
      taskEvent("task.waiting", "old", AT, { source: "queue", queue: "mail", payload: { raw: message(BIG), ...repr("(…)") } }),
    );
    await failedWith(repr("(1,)"));
    expect(await getRerunDraft(prod.monitor, LOCAL_OPERATOR, { id: "old" })).toMatchObject({ args: BIG, source: "queue" });
  });

  test("are those that were stored with the result", async () => {
    await failedWith(repr("(1, '...')"));
    const payload: Payload = {
      args: '[{"$":"int","text":"12345678901234567890"}]',
      kwargs: '{"$":"dict","items":[["a",true]]}',
      argsForm: "value",
    };
    await prod.tell(taskEvent("task.failed", "old", AT + 20, { source: "result", payload }));
    expect(await getRerunDraft(prod.monitor, LOCAL_OPERATOR, { id: "old" })).toMatchObject({
      args: "[12345678901234567890]",
      kwargs: '{"a": true}',
      source: "result",
    });
  });

  test("are read from their Python text when it is exact", async () => {
    await failedWith(repr("(1, 'Ada', None)", "{'n': [1, 2]}"));
    expect(await getRerunDraft(prod.monitor, LOCAL_OPERATOR, { id: "old" })).toMatchObject({
      args: '[1, "Ada", null]',
      kwargs: '{"n": [1, 2]}',
      source: "event",
    });
  });

  test.each([
    ["cut", repr("(1, 'xxx...")],
    ["of an object", repr("(<User: 7>,)")],
    ["missing", {}],
    ["stored cut by us", { ...repr("(1, 2"), cut: { args: { length: 9_000, hash: "0" } } }],
  ])("are not guessed when their text is %s", async (_, payload: Payload) => {
    await failedWith(payload);
    expect(await getRerunDraft(prod.monitor, LOCAL_OPERATOR, { id: "old" })).toMatchObject({ args: null, kwargs: null, source: null });
    expect(await codeOf(rerun())).toBe("conflict");
    expect(prod.broker.published).toEqual([]);
  });
});

describe("a rerun", () => {
  test("sends a new task that is linked to the old one, and is recorded on both", async () => {
    await failedWith(repr("(1,)"));
    const { id, message: text } = await rerun();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(text).toBe(`It was sent again to mail as ${id}.`);
    expect(prod.broker.published).toEqual([{ id, name: "mail.send", queue: "mail", priority: 0, args: "[1]", kwargs: "{}" }]);
    const fresh = await getTask(prod.monitor, LOCAL_OPERATOR, { id: id ?? "" });
    expect(fresh).toMatchObject({
      row: { state: "PENDING", name: "mail.send", queue: "mail" },
      rerunOf: { id: "old" },
      args: { text: "[1]" },
    });
    const old = await getTask(prod.monitor, LOCAL_OPERATOR, { id: "old" });
    expect(old.rerunAs.map((task) => task.id)).toEqual([id]);
    expect(prod.recorded.find(({ type }) => type === "task.acted")).toMatchObject({
      action: "rerun",
      actor: "local operator",
      rerunId: id,
    });
  });

  test("takes what the operator wrote as it is", async () => {
    await failedWith({});
    await rerun({ args: BIG, kwargs: '{"a":1}', queue: "slow" });
    expect(prod.broker.published[0]).toMatchObject({ args: BIG, kwargs: '{"a":1}', queue: "slow" });
  });

  test.each([
    [{ args: "{}" }, "bad-input"],
    [{ args: "[1" }, "bad-input"],
    [{ kwargs: "[]" }, "bad-input"],
  ])("with %o is %s", async (request, code) => {
    await failedWith(repr("(1,)"));
    expect(await codeOf(rerun(request))).toBe(code);
    expect(prod.broker.published).toEqual([]);
  });

  test("that the broker does not take is recorded as failed", async () => {
    await failedWith(repr("(1,)"));
    prod.broker.problem = new AppError("unavailable", "Redis is away");
    expect(await codeOf(rerun())).toBe("unavailable");
    expect(prod.recorded.map(({ payload }) => payload?.data)).toEqual(['{"outcome":"failed: Redis is away"}']);
  });

  test("that is done but cannot be recorded says so", async () => {
    await failedWith(repr("(1,)"));
    prod.recordProblem = new AppError("unavailable", "the log is away");
    expect((await rerun()).message).toMatch(/^It was sent again .* It could not be recorded: the log is away\.$/);
  });

  test("is refused to who may only look", async () => {
    await failedWith(repr("(1,)"));
    expect(await codeOf(rerun({}, { ...LOCAL_OPERATOR, mayAct: false }))).toBe("refused");
  });

  test("of a task that is not over is a conflict", async () => {
    await prod.tell(taskEvent("task.started", "old", AT, { name: "mail.send" }));
    expect(await codeOf(rerun())).toBe("conflict");
  });
});
