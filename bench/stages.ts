/** What one event costs at each stage of its way through one thread: `node bench/stages.ts --help`. */
import { parseArgs } from "node:util";
import { fromEvent } from "../lib/brokers/celery/from-event.ts";
import { Runs } from "../lib/brokers/celery/runs.ts";
import { identityOf, RecentIdentities } from "../lib/log/identity.ts";
import { encodeSegment, readFacts, readWhole } from "../lib/log/segment.ts";
import type { Event } from "../lib/model/event.ts";
import { View } from "../lib/view/view.ts";
import { type CeleryEvent, decodeEvents } from "../lib/wire/celery/event.ts";
import { figureOf, report } from "./figures.ts";
import { emptyLedger, traffic } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000" },
    rate: { type: "string", default: "3000" },
    repeats: { type: "string", default: "5" },
    help: { type: "boolean" },
  },
});
const HELP = `What one event costs at each stage of its way, one stage after another on one thread, and what it takes in the log.
  --tasks N     tasks, three events each (100000)
  --rate N      events a second that the traffic is shaped like: decides how many share a message (3000)
  --repeats N   median and spread of so many, after one that is not counted (5)
`;

const SEGMENT = 1_000;
/** About what is appended every 100 ms at the rate. */
const TAIL_MS = 100;

if (values.help === true) process.stdout.write(HELP);
else measure(Number(values.tasks), Number(values.rate), Number(values.repeats));

function measure(tasks: number, rate: number, repeats: number): void {
  const ledger = emptyLedger();
  const startAt = Date.now() - (tasks * 3_000) / rate;
  const messages = [...traffic({ tasks, workers: 20, names: 100, db: 0, startAt, spacingMs: 3_000 / rate, seed: 1 }, ledger)].map(
    ({ message, at }) => ({ bytes: Buffer.from(message), at }),
  );
  const microseconds = new Map<string, number[]>();
  const sizes = new Map<string, number>();
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const stage = <T>(name: string, work: () => T): T => {
      const begunAt = process.threadCpuUsage();
      const made = work();
      const { user, system } = process.threadCpuUsage(begunAt);
      if (repeat > 0) microseconds.set(name, [...(microseconds.get(name) ?? []), (user + system) / ledger.events]);
      return made;
    };
    const decoded = stage("read the message", () => messages.map(({ bytes, at }) => ({ events: read(bytes.toString()), at })));
    const runs = new Runs({ task: () => undefined });
    const events = stage("say it in our words", () =>
      decoded.flatMap((one) => one.events.map((event) => fromEvent(event, one.at, runs)).filter((event) => event !== undefined)),
    );
    const identities = new RecentIdentities();
    stage("know it again", () => events.forEach((event) => identities.add(identityOf(event))));
    const batch = Math.max(1, Math.round((rate * TAIL_MS) / 1_000));
    const raw = stage("write it to the tail", () => encoded(events, batch, "raw"));
    const segments = stage("seal it in a segment", () => encoded(events, SEGMENT, "packed"));
    const facts = stage("replay: read its facts", () => segments.map((bytes) => factsOf(bytes)));
    stage("replay: apply it to the view", () => apply(facts));
    stage("read it whole", () => segments.forEach((bytes) => void readWhole(bytes)));
    sizes.set("on the wire", ledger.bytes / ledger.events);
    sizes.set("in the tail", raw.reduce((sum, { length }) => sum + length, 0) / ledger.events);
    sizes.set("in segments", segments.reduce((sum, { length }) => sum + length, 0) / ledger.events);
  }
  const rows = [...microseconds].map(([stage, each]) => ({ stage, "µs of the thread an event": figureOf(each) }));
  report("stages", { tasks, rate, repeats, eventsAMessage: ledger.events / ledger.messages }, rows);
  report(
    "bytes",
    { tasks, rate },
    [...sizes].map(([where, bytes]) => ({ where, "bytes an event": bytes, "bytes a task": (bytes * ledger.events) / ledger.tasks })),
  );
}

function read(message: string): CeleryEvent[] {
  const batch = decodeEvents(message);
  if (!batch.ok) throw new Error(batch.reason);
  return batch.value.events;
}

function encoded(events: readonly Event[], size: number, form: "raw" | "packed"): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < events.length; at += size)
    parts.push(encodeSegment({ epoch: "bench", first: at + 1 }, events.slice(at, at + size), form));
  return parts;
}

function factsOf(bytes: Buffer): Event[] {
  const facts = readFacts(bytes);
  if (!facts.ok) throw new Error(facts.reason);
  return facts.value.events;
}

function apply(parts: readonly Event[][]): void {
  const view = new View();
  let ordinal = 1;
  for (const events of parts) for (const event of events) view.apply(event, ordinal++);
}
