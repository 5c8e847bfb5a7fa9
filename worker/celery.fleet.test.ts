import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeBody, decodeEnvelope } from "../lib/wire/celery/envelope.ts";
import { plainValue } from "../lib/wire/celery/plain-value.ts";
import { connectRedis, disconnect } from "../lib/redis.ts";
import { hasVenv } from "../lib/testing/fleet.ts";
import { type PythonClient, celeryCommand, startPythonClient, startPythonWorker } from "../lib/testing/python-client.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { sumsApplication } from "./testing/sums.ts";

/** Every case runs on this worker and on a real one in Python: what a client sees must be the same. */
describe.skipIf(!hasVenv("celery-5.7"))("seen by a client in Python", () => {
  let redis: RedisServer;
  let ours: PythonClient;
  let theirs: PythonClient;
  const ends = new AsyncDisposableStack();
  const events: Record<string, unknown>[] = [];

  beforeAll(async () => {
    redis = ends.use(await withRedis());
    const listener = connectRedis(redis.url, { name: "test", blocking: true });
    ends.defer(() => disconnect(listener));
    await listener.psubscribe("/0.celeryev/*");
    listener.on("pmessage", (_pattern, _channel, text: string) => events.push(...eventsIn(text)));
    const python = { redisUrl: redis.url, queue: "python" };
    ours = ends.use(startPythonClient({ redisUrl: redis.url, queue: "js" }));
    theirs = ends.use(startPythonClient(python));
    ends.use(await startPythonWorker({ ...python, name: "python@fleet" }));
    const { app } = sumsApplication(redis.url, "js");
    ends.defer(() => app.close());
    const stop = new AbortController();
    const running = app.worker({ hostname: "js@fleet", concurrency: 4, taskEvents: true }).run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await running;
    });
    await ours.value("add.delay(1, 1).get(timeout=20)");
    await theirs.value("add.delay(1, 1).get(timeout=20)");
  });

  afterAll(() => ends.disposeAsync());

  const both = async (code: string) => {
    const [own, other] = await Promise.all([outcome(ours, code), outcome(theirs, code)]);
    expect(own).toEqual(other);
    return own;
  };

  test.each([
    "add.delay(2, 3).get(timeout=10)",
    "add.apply_async((), {'x': 2, 'y': 3}).get(timeout=10)",
    "add.apply_async((2,), {'y': 3}, countdown=0.2).get(timeout=10)",
    "echo.delay(None, True, 'ü', [1, {'a': 2.5}], 2**70).get(timeout=10)",
    "add.apply_async((1, 1), priority=9).get(timeout=10)",
    "add.apply_async((1, 1), serializer='msgpack').get(timeout=10)",
    "add.apply_async((1, 1), serializer='yaml').get(timeout=10)",
    "add.apply_async((1, 1), compression='gzip').get(timeout=10)",
    "r = add.apply_async((1, 1), ignore_result=True); time.sleep(0.5); r.state",
    "(add.s(1, 1) | mul.s(3) | add.s(4)).apply_async().get(timeout=10)",
    "group(add.s(n, n) for n in range(5)).apply_async().get(timeout=10)",
    "chord([add.s(n, n) for n in range(5)], total.s()).apply_async().get(timeout=10)",
    "(group(add.s(n, n) for n in range(3)) | total.s() | add.s(1)).apply_async().get(timeout=10)",
    "(add.s(1, 1) | group(add.s(1), mul.s(5)) | total.s() | mul.s(2)).apply_async().get(timeout=10)",
    "(add.s(1, 1) | group(add.s(1) | mul.s(2), mul.s(5)) | total.s()).apply_async().get(timeout=10)",
    "(add.s(1, 1) | group(add.s(1), mul.s(5))).apply_async().get(timeout=10)",
    "chord([add.s(1, 1), group(add.s(2, 2), add.s(3, 3))], echo.s()).apply_async().get(timeout=10)",
    "chord([chord([add.s(1, 1), add.s(2, 2)], total.s()), add.s(3, 3)], echo.s()).apply_async().get(timeout=10)",
    "chord([add.s(1, 1) | mul.s(2), add.s(3, 3)], echo.s() | echo.s()).apply_async().get(timeout=10)",
    "chord([add.s(1, 1), add.s(2, 2)], group(echo.s(1), echo.s(2))).apply_async().get(timeout=10)",
    "group(group(add.s(1, 1), add.s(2, 2)), add.s(3, 3)).apply_async().get(timeout=10)",
    "(add.s(1, 1) | add.si(5, 5) | mul.s(2)).apply_async().get(timeout=10)",
    "chord([], echo.s()).apply_async().get(timeout=10)",
    "add.map([(1, 2), (3, 4)]) and add.starmap([(1, 2), (3, 4)]).apply_async().get(timeout=10)",
    "add.chunks([(n, n) for n in range(10)], 4).apply_async().get(timeout=10)",
    "r = add.apply_async((1, 1), link=mul.s(10)); r.get(timeout=10); time.sleep(0.3); [c.get(timeout=10) for c in r.children]",
    "r = parent.delay(1); r.get(timeout=10); [c.get(timeout=10) for c in r.children]",
    "flaky.delay(2).get(timeout=10)",
    "progress.delay().get(timeout=10)",
    "r = progress.delay(); time.sleep(0.25); [r.state, r.info]",
    "replace.delay('task').get(timeout=10)",
    "replace.delay('chain').get(timeout=10)",
    "replace.delay('group').get(timeout=10)",
    "(replace.s('chain') | add.s(10)).apply_async().get(timeout=10)",
    "chord([replace.s('group'), add.s(1, 1)], echo.s()).apply_async().get(timeout=10)",
    "[limited.delay(n).get(timeout=10) for n in range(3)]",
  ])("%s", async (code) => {
    expect(await both(code)).toHaveProperty("ok");
  });

  test.each([
    "fail.delay().get(timeout=10)",
    "flaky.delay(5).get(timeout=10)",
    "sleep.apply_async((5,), expires=-1).get(timeout=10)",
    "app.send_task('sums.unknown').get(timeout=10)",
    "(add.s(1, 1) | fail.s() | add.s(1)).apply_async().get(timeout=10)",
    "chord([add.s(1, 1), fail.s()], total.s()).apply_async().get(timeout=10)",
    "r = reject.delay(); r.get(timeout=10)",
  ])("%s raises", async (code) => {
    const seen = await both(code);
    expect(seen).toHaveProperty("error");
  });

  test("the results of a chain that failed, and of a chord", async () => {
    await both(
      "r = (add.s(1, 1) | fail.s() | add.s(1) | add.s(2)).apply_async(); time.sleep(1); [r.state, r.parent.state, r.parent.parent.state, r.parent.parent.parent.state]",
    );
    await both(
      "r = chord([add.s(1, 1), fail.s()], total.s()).apply_async(); time.sleep(1); [r.state, [c.state for c in r.parent.results]]",
    );
  });

  test("a meta has the same parts", async () => {
    const keys = (code: string) =>
      `import json\nr = ${code}\nr.get(timeout=10, propagate=False)\nm = json.loads(app.backend.client.get('celery-task-meta-' + r.id))\n[list(m), m['children'], m['status'], r.traceback and r.traceback.splitlines()[-1]]`;
    await both(keys("add.delay(1, 1)"));
    await both(keys("fail.delay()"));
    await both(keys("group(add.s(1, 1), add.s(2, 2)).apply_async()[1]"));
  });

  test("a traceback reads like Python's", async () => {
    const traceback = await ours.value<string>("r = fail.delay(); r.get(timeout=10, propagate=False); r.traceback");
    expect(traceback).toMatch(
      /^Traceback \(most recent call last\):\n {2}File ".*sums\.ts", line \d+, in .*\n(?:.*\n)*ValueError: \('boom', 7\)\n$/,
    );
  });

  test("a task that runs is terminated, one that waits is revoked", async () => {
    const running =
      "r = sleep.delay(30)\ntime.sleep(0.5)\napp.control.revoke(r.id, terminate=True, signal='SIGKILL', destination=['js@fleet'])\nr.get(timeout=10)";
    expect(await ours.exception(running)).toMatchObject({ type: "TaskRevokedError", args: ["terminated"] });
    await both("r = add.apply_async((1, 1), countdown=2)\ntime.sleep(0.5)\nr.revoke()\nr.get(timeout=10)");
  });

  test("limits end a task", async () => {
    expect(await ours.exception("sleep.apply_async((30,), soft_time_limit=0.2).get(timeout=10)")).toMatchObject({
      type: "SoftTimeLimitExceeded",
    });
    expect(await ours.exception("sleep.apply_async((30,), time_limit=0.2).get(timeout=10)")).toMatchObject({ type: "TimeLimitExceeded" });
  });

  test("an errback hears of a failure", async () => {
    await both(
      "r = fail.apply_async(link_error=failed.s().set(task_id=(t := str(uuid.uuid4())))); AsyncResult(t, app=app).get(timeout=10) == r.id",
    );
  });

  const asked = async (node: string, code: string) =>
    (await ours.value<Record<string, unknown>>(`app.control.inspect(destination=['${node}'], timeout=2).${code}`))[node];

  test.each(["ping()", "active_queues()", "reserved()", "active()", "registered()", "registered('rate_limit', 'max_retries')"])(
    "inspect %s",
    async (code) => {
      const [own, other] = await Promise.all([asked("js@fleet", code), asked("python@fleet", code)]);
      expect(JSON.parse(JSON.stringify(own).replaceAll('"js"', '"python"'))).toEqual(other);
    },
  );

  test.each(["stats()", "conf()", "clock()", "report()", "hello('someone')"])("inspect %s has the same parts", async (code) => {
    const [own, other] = await Promise.all([asked("js@fleet", code), asked("python@fleet", code)]);
    const parts = (answer: unknown) =>
      Object.keys(answer as object).filter((key) => !/^(task_|accept|worker_|broker_con|include|imports|result_e)/.test(key));
    expect(parts(own).sort()).toEqual(parts(other).sort());
  });

  test("a task that is held is shown alike", async () => {
    const held =
      "r = add.apply_async((1, 1), countdown=30, expires=60); q = sleep_late.delay(1); time.sleep(0.5); i = app.control.inspect(timeout=1)\n" +
      "shown = [i.scheduled(), i.active(), i.query_task(r.id, q.id)]\nr.revoke(); shown";
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shape);
      if (typeof value !== "object" || value === null) return typeof value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [/^[0-9a-f-]{36}$/.test(key) ? "id" : key, shape(item)]));
    };
    const [own, other] = await Promise.all([ours.value<Record<string, unknown>[]>(held), theirs.value<Record<string, unknown>[]>(held)]);
    expect(own.map((part) => shape(part["js@fleet"]))).toEqual(other.map((part) => shape(part["python@fleet"])));
  });

  test.each([
    "'rate_limit', {'task_name': 'sums.limited', 'rate_limit': '6/s'}",
    "'rate_limit', {'task_name': 'sums.limited', 'rate_limit': 'many'}",
    "'rate_limit', {'task_name': 'sums.nothing', 'rate_limit': '6/s'}",
    "'time_limit', {'task_name': 'sums.limited', 'soft': 10, 'hard': 20}",
    "'revoke', {'task_id': ['a']}",
    "'revoke', {'task_id': ['a'], 'terminate': True}",
    "'revoke', {'task_id': ['a'], 'terminate': True, 'signal': 'term'}",
    "'terminate', {'task_id': ['a'], 'signal': 'KILL'}",
    "'revoke_by_stamped_headers', {'headers': {'stamp': ['a']}}",
    "'revoke_by_stamped_headers', {'headers': {'stamp': ['a']}, 'terminate': True}",
    "'pool_grow', {'n': 1}",
    "'pool_shrink', {'n': 1}",
    "'pool_restart', {}",
    "'autoscale', {'max': 3, 'min': 1}",
    "'add_consumer', {'queue': 'more'}",
    "'cancel_consumer', {'queue': 'more'}",
    "'enable_events', {}",
    "'disable_events', {}",
    "'disable_events', {'now': True}",
    "'heartbeat', {}",
    "'objgraph', {}",
    "'no_such_command', {}",
  ])("control %s", async (request) => {
    const reply = async (node: string) => {
      const replies = await ours.value<Record<string, unknown>[]>(
        `app.control.broadcast(${request.replace(", ", ", arguments=")}, destination=['${node}'], reply=True, timeout=2)`,
      );
      return replies[0]?.[node];
    };
    expect(await reply("js@fleet")).toEqual(await reply("python@fleet"));
  });

  test("celery status and celery inspect know it", async () => {
    const python = { redisUrl: redis.url, queue: "js" };
    expect(await celeryCommand(python, ["status"])).toMatch(/js@fleet: OK[^]*2 nodes online/);
    expect(await celeryCommand(python, ["inspect", "-d", "js@fleet", "stats"])).toContain("AsyncPool");
  });

  test("events have the same parts", async () => {
    const code =
      "add.delay(1, 1).get(timeout=10); flaky.delay(1).get(timeout=10); fail.delay().get(timeout=10, propagate=False); reject.delay().get(timeout=10, propagate=False); time.sleep(1)";
    await both(code);
    const parts = (node: string) => {
      const seen = events.filter(({ hostname }) => hostname === node);
      const types = [
        "worker-heartbeat",
        "task-received",
        "task-started",
        "task-succeeded",
        "task-failed",
        "task-retried",
        "task-rejected",
        "task-revoked",
      ];
      return Object.fromEntries(types.map((type) => [type, Object.keys(seen.find((event) => event["type"] === type) ?? {})]));
    };
    expect(parts("js@fleet")).toEqual(parts("python@fleet"));
  });
});

async function outcome(client: PythonClient, code: string): Promise<{ ok: unknown } | { error: unknown }> {
  try {
    return { ok: await client.value(code) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { error: text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>").replace(` in ${code}`, "") };
  }
}

function eventsIn(text: string): Record<string, unknown>[] {
  const envelope = decodeEnvelope(text);
  const body = envelope.ok ? decodeBody(envelope.value) : envelope;
  const value = body.ok ? plainValue(body.value) : [];
  return (Array.isArray(value) ? value : [value]) as Record<string, unknown>[]; // only events come through this channel
}
