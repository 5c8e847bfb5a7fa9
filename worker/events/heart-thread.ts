import { loadavg } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { connectRedis, disconnect } from "../../lib/redis.ts";
import { celeryKeys } from "../../lib/wire/celery/keys.ts";
import { floatValue } from "../../lib/wire/python/number.ts";
import { logLines } from "../log.ts";
import { EventPublisher } from "./event-publisher.ts";
import type { HeartData } from "./heart.ts";
import { LamportClock } from "./lamport-clock.ts";
import { Pulse } from "./pulse.ts";
import { SOFTWARE } from "./software.ts";

/** `Heart` alone starts this thread, with its own type of data. */
const data = workerData as HeartData;
const redis = connectRedis(data.broker, { name: "worker-heart" });
const pulse = new Pulse(data.pulse);
const publisher = new EventPublisher({
  hostname: data.hostname,
  redis: () => redis,
  keys: celeryKeys(data.keys),
  clock: new LamportClock(data.clock),
  log: logLines,
});

function beat(event: string): void {
  publisher.publish(
    publisher.make(event, [
      ["freq", floatValue(data.intervalMs / 1000)],
      ["active", pulse.active],
      ["processed", pulse.processed],
      ["loadavg", loadavg().map((load) => floatValue(Math.round(load * 100) / 100))],
      ...SOFTWARE,
    ]),
  );
}

beat("worker-online");
await publisher.settled();
parentPort?.postMessage("online");
const timer = setInterval(() => beat("worker-heartbeat"), data.intervalMs);
parentPort?.once("message", () => {
  clearInterval(timer);
  beat("worker-offline");
  void publisher.settled().finally(() => disconnect(redis));
});
