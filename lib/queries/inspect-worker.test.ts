import { expect, test } from "vitest";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { testMonitor } from "../testing/monitor.ts";
import { dict, type Value } from "../wire/python/value.ts";
import { inspectWorker } from "./inspect-worker.ts";

test("what a worker tells of its settings and connections holds no password and no secret", async () => {
  const prod = testMonitor();
  const conf = dict([
    ["broker_url", "redis://ann:hunter2@h:6379/0"],
    ["broker_read_url", ["sentinel://:hunter2@a:1;sentinel://:hunter2@b:2"]],
    ["result_backend", "db+postgresql://ann:hunter2@h/x?sslpassword=hunter2"],
    ["broker_transport_options", dict([["sentinel_kwargs", dict([["password", "hunter2"]])]])],
    ["s3_secret_access_key", "hunter2"],
    ["redis_password", "hunter2"],
    ["task_default_queue", "mail"],
  ]);
  const stats = dict([
    [
      "broker",
      dict([
        ["hostname", "h"],
        ["alternates", ["redis://:hunter2@b"]],
      ]),
    ],
  ]);
  const text = (value: Value): string => JSON.stringify(value);
  prod.broker.inspection = { ...prod.broker.inspection, answered: true, conf: text(conf), stats: text(stats), active: text([]) };

  const told = await inspectWorker(prod.monitor, LOCAL_OPERATOR, { name: "w1@a" });
  expect(JSON.stringify(told)).not.toContain("hunter2");
  expect(JSON.parse(told.conf ?? "")).toMatchObject({
    broker_url: "redis://ann:***@h:6379/0",
    redis_password: "***",
    task_default_queue: "mail",
  });
  expect(JSON.parse(told.stats ?? "")).toEqual({ broker: { hostname: "h", alternates: ["redis://:***@b"] } });
  expect(told).toMatchObject({ answered: true, active: "[]", reserved: null });
});
