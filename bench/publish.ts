/**
 * Publishes traffic to a Redis at a rate: `node bench/publish.ts --url … --tasks … --rate …`. Prints `begun` when it starts to
 * publish, and at the end what it has sent as JSON.
 */
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
const options = {
  tasks,
  workers: Number(values.workers),
  names: Number(values.names),
  db: redis.options.db ?? 0,
  startAt: Date.now(),
  spacingMs: rate > 0 ? 3_000 / rate : 0.05,
  seed: Number(values.seed),
};
/** Messages on their way at once: at a rate what is due every few ms, else as many as Redis takes. */
const AT_ONCE = 100;
const STEP_MS = 10;

// Everything is made before the clock starts, so that the rate is that of publishing.
const messages = [...traffic(options, ledger)];
process.stdout.write("begun\n");
const begunAt = performance.now();
let sent = 0;
let receivers = 0;
for (let at = 0; at < messages.length;) {
  const pipeline = redis.pipeline();
  const due = rate > 0 ? ((performance.now() - begunAt) / 1_000) * rate : Infinity;
  for (let count = 0; count < AT_ONCE && at < messages.length && sent <= due; count++) {
    const { channel, message, events } = messages[at++]!;
    pipeline.publish(channel, message);
    sent += events;
  }
  if (pipeline.length === 0) {
    await delay(STEP_MS);
    continue;
  }
  const replies = await pipeline.exec();
  receivers = Math.max(receivers, Number(replies?.at(-1)?.[1] ?? 0));
}
const seconds = (performance.now() - begunAt) / 1000;
process.stdout.write(`${JSON.stringify({ ...ledger, seconds, rate: Math.round(sent / seconds), receivers })}\n`);
redis.disconnect();
