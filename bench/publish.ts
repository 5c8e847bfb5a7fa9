/** Publishes traffic to a Redis at a rate and prints what it sent as JSON: `node bench/publish.ts --url … --tasks … --rate …`. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connectRedis } from "../lib/redis.ts";
import { emptyLedger, traffic } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    tasks: { type: "string", default: "10000" },
    /** Events a second; 0 is as fast as Redis takes them. */
    rate: { type: "string", default: "0" },
    workers: { type: "string", default: "20" },
    names: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
  },
});
if (values.url === undefined) throw new Error("--url is missing");

const tasks = Number(values.tasks);
const rate = Number(values.rate);
const redis = connectRedis(values.url, { name: "bench-publish" });
const ledger = emptyLedger();
const spacingMs = rate > 0 ? 3_000 / rate : 0.05;
const options = {
  tasks,
  workers: Number(values.workers),
  names: Number(values.names),
  db: redis.options.db ?? 0,
  startAt: Date.now(),
  spacingMs,
  seed: Number(values.seed),
};

// Everything is made before the clock starts, so that the rate is that of publishing.
const messages = [...traffic(options, ledger)];
const begunAt = performance.now();
let sent = 0;
let receivers = 0;
for (let at = 0; at < messages.length; ) {
  const pipeline = redis.pipeline();
  const slice = messages.slice(at, at + 100);
  for (const { channel, message } of slice) pipeline.publish(channel, message);
  at += slice.length;
  sent += slice.reduce((sum, one) => sum + one.events, 0);
  const replies = await pipeline.exec();
  receivers = Math.max(receivers, Number(replies?.at(-1)?.[1] ?? 0));
  if (rate > 0) await delay(Math.max(0, (sent / rate) * 1000 - (performance.now() - begunAt)));
}
const seconds = (performance.now() - begunAt) / 1000;
process.stdout.write(`${JSON.stringify({ ...ledger, seconds, rate: Math.round(sent / seconds), receivers })}\n`);
redis.disconnect();
