import type { WorkerInspection, WorkerQuery } from "../contract/worker.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { Value } from "../wire/python/value.ts";
import { encodeKombuJson } from "../wire/serialize/json.ts";
import { withoutSecrets } from "./secrets.ts";
import { watchedBroker } from "./watched-broker.ts";

/** A worker with a pool of its own answers at once, a `solo` one only between tasks; nobody waits longer for a page. */
const TIMEOUT_MS = 2_000;

/** What the worker itself answers now. A worker that does not answer is an answer too. */
export async function inspectWorker(monitor: Monitor, viewer: Viewer, query: WorkerQuery): Promise<WorkerInspection> {
  const { broker } = watchedBroker(monitor, viewer, query.broker);
  if (!broker.abilities.workerControl) throw new AppError("conflict", "Workers of this kind of broker cannot be asked");
  const told = await broker.inspectWorker(query.name, TIMEOUT_MS);
  const as = (text: string | null, shown: (value: Value) => Value = (value) => value): string | null =>
    text === null ? null : plainJson(shown(valueOf(text)));
  return {
    ...told,
    // Celery masks some of its settings, up to 5.6 not the broker's password; the statistics name failover URLs.
    conf: as(told.conf, withoutSecrets),
    stats: as(told.stats, withoutSecrets),
    active: as(told.active),
    reserved: as(told.reserved),
    scheduled: as(told.scheduled),
    queues: as(told.queues),
    registered: as(told.registered),
    revoked: as(told.revoked),
  };
}

/** Brokers write a `Value`. */
function valueOf(text: string): Value {
  return JSON.parse(text) as Value;
}

/** As the worker wrote it; where JSON cannot say it, the value with its tags. */
function plainJson(value: Value): string {
  const json = encodeKombuJson(value);
  return json.ok ? json.value : JSON.stringify(value);
}
