import { inAddress } from "../contract/address.ts";
import type { Finding, OurHealth, Overview } from "../contract/overview.ts";
import type { QueueRow } from "../contract/queue.ts";
import type { WorkerRow } from "../contract/worker.ts";
import { durationText } from "./duration-text.ts";

/** What the verdict is made from. Everything that has a time happened within the window. */
export interface Facts {
  now: number;
  windowMs: number;
  us: OurHealth;
  queues: readonly QueueRow[];
  workers: readonly WorkerRow[];
  redis: Overview["redis"];
  /** Whether any event about a task was heard. */
  taskEventsHeard: boolean;
  gaps: readonly { at: number; count: number | null; reason: string }[];
  malformed: readonly { at: number; count: number | null; where: string; reason: string }[];
  /** Messages that stop each worker that takes them, whenever they were seen: such a one may lie there for days. */
  poison: readonly { where: string; reason: string }[];
  /** Messages that no worker alive holds and nobody acknowledged. */
  orphaned: { count: number; oldestMs: number | null } | null;
  failing: readonly FailingName[];
}

/** A task name of which many runs fail now. */
export interface FailingName {
  name: string;
  exceptionType: string | null;
  failed: number;
  /** Runs that ended, failed ones included. */
  ended: number;
  /** When the failing began, or null when it has failed for as long as we can see. */
  since: number | null;
}

/** Names in one sentence before "and 3 more". */
const NAMED = 3;
const QUEUES_NAMED = 5;
const FULL = 0.9;
const FILLING = 0.8;

/** Everything that needs a person, the worst first, each as a sentence that says what to do where we know it. */
export function findingsOf(facts: Facts): Finding[] {
  const found = [
    ...stale(facts),
    ...noEvents(facts),
    ...poison(facts),
    ...failing(facts),
    ...queues(facts),
    ...workers(facts),
    ...orphaned(facts),
    ...redis(facts),
    ...gaps(facts),
    ...malformed(facts),
  ];
  return found.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

const SEVERITIES: readonly Finding["severity"][] = ["trouble", "warning", "note"];

function stale({ us, now }: Facts): Finding[] {
  const found: Finding[] = [];
  if (!us.connected) {
    const since = us.lastEventAt === null ? "" : ` for ${durationText(now - us.lastEventAt)}`;
    found.push({ kind: "stale", severity: "trouble", text: `No data${since}: ${us.problem ?? "Redis does not answer"}.`, href: null });
  } else if (us.problem !== null) {
    found.push({ kind: "log-paused", severity: "trouble", text: `Nothing new is stored: ${us.problem}.`, href: null });
  }
  if (us.replaying !== null) {
    const percent = us.replaying.of === 0 ? 0 : Math.floor((us.replaying.done / us.replaying.of) * 100);
    found.push({ kind: "stale", severity: "note", text: `The history is still being read: ${percent} %.`, href: null });
  }
  return found;
}

function noEvents({ us, taskEventsHeard, workers, queues }: Facts): Finding[] {
  if (taskEventsHeard || !us.connected || us.replaying !== null) return [];
  const working = workers.filter(({ state, active }) => state === "silent" || (active ?? 0) > 0);
  const moving = queues.some(({ depth, consumers }) => depth > 0 && consumers?.length !== 0);
  if (working.length === 0 && !moving) return [];
  const sign = working.length > 0 ? `${count(working.length, "worker")} ${working.length === 1 ? "is" : "are"} there` : "messages wait";
  const text =
    `No events about tasks arrive, although ${sign}. ` +
    "Set worker_send_task_events (or start workers with -E), and task_send_sent_event where tasks are sent.";
  return [{ kind: "no-events", severity: "warning", text, href: null }];
}

/** A worker that reconnects for ever, and the message that makes it: of those that were seen the last, of its own queues first. */
function poison({ workers, poison }: Facts): Finding[] {
  const looping = workers.filter(({ state }) => state === "looping");
  const [first] = looping;
  if (first === undefined) return [];
  const who = `${names(looping.map(({ name }) => name))} ${verb(looping, "reconnects", "reconnect")} over and over and ${verb(looping, "runs", "run")} nothing`;
  const consumed = new Set(looping.flatMap(({ queues }) => queues ?? []));
  const suspect = poison.findLast(({ where }) => consumed.has(queueIn(where) ?? "")) ?? poison.at(-1);
  if (suspect === undefined) {
    return [{ kind: "worker-looping", severity: "trouble", text: `${who}: ${first.reason}.`, href: workerHref(first.name) }];
  }
  const queue = queueIn(suspect.where);
  const text =
    `${who}, because of a message ${queue === null ? "that was taken from a queue" : `in queue ${queue}`}: ${suspect.reason}. ` +
    "Remove the message: that ends it at once.";
  return [{ kind: "poison", severity: "trouble", text, href: queue === null ? workerHref(first.name) : queueHref(queue) }];
}

function queueIn(where: string): string | null {
  return where.startsWith("queue ") ? where.slice("queue ".length) : null;
}

function failing({ failing, now }: Facts): Finding[] {
  return failing.map(({ name, exceptionType, failed, ended, since }) => {
    const time = since === null ? "" : ` for ${durationText(now - since)}`;
    const type = exceptionType === null ? "" : `, ${exceptionType}`;
    const severity = failed * 2 >= ended ? "trouble" : "warning";
    const text = `${name} has failed${time}: ${number(failed)} of ${count(ended, "run")}${type}.`;
    return { kind: "failing", severity, text, href: `/tasks?state=FAILURE&name=${inAddress(name)}` };
  });
}

function queues({ queues }: Facts): Finding[] {
  const bad = queues.filter(({ health }) => health === "unconsumed" || health === "stuck" || health === "growing");
  const found = bad
    .toSorted((a, b) => b.depth - a.depth)
    .map((queue): Finding => {
      const kind = queue.health === "growing" ? "queue-growing" : "queue-unconsumed";
      return { kind, severity: "trouble", text: `${queue.name}: ${queue.reason}`, href: queueHref(queue.name) };
    });
  if (found.length <= QUEUES_NAMED) return found;
  const rest = found.length - QUEUES_NAMED;
  const more: Finding = {
    kind: "queue-growing",
    severity: "trouble",
    text: `${rest === 1 ? "1 more queue grows or stands" : `${rest} more queues grow or stand`} still.`,
    href: "/queues",
  };
  return [...found.slice(0, QUEUES_NAMED), more];
}

function workers({ workers, now, windowMs }: Facts): Finding[] {
  const found: Finding[] = [];
  const lost = workers.filter(({ state, lastSeenAt }) => state === "lost" && now - (lastSeenAt ?? 0) <= windowMs);
  if (lost.length > 0) {
    const last = Math.max(...lost.map(({ lastSeenAt }) => lastSeenAt ?? 0));
    const text = `${names(lost.map(({ name }) => name))} ${verb(lost, "is", "are")} lost: nothing heard for ${durationText(now - last)}.`;
    found.push({ kind: "worker-lost", severity: "trouble", text, href: hrefOf(lost) });
  }
  const late = workers.filter(({ state }) => state === "late");
  if (late.length > 0) {
    const text = `${names(late.map(({ name }) => name))} ${verb(late, "is", "are")} late: no heartbeat when one was due.`;
    found.push({ kind: "worker-late", severity: "warning", text, href: hrefOf(late) });
  }
  return found;
}

function orphaned({ orphaned }: Facts): Finding[] {
  if (orphaned === null || orphaned.count === 0) return [];
  const oldest = orphaned.oldestMs === null ? "" : `, the oldest for ${durationText(orphaned.oldestMs)}`;
  const text =
    `${count(orphaned.count, "message")} ${orphaned.count === 1 ? "was" : "were"} taken by workers that are gone${oldest}. ` +
    "They return to their queues after the visibility timeout.";
  return [{ kind: "orphaned", severity: "warning", text, href: "/queues" }];
}

function redis({ redis }: Facts): Finding[] {
  if (redis === null) return [];
  const found: Finding[] = [];
  const add = (severity: Finding["severity"], text: string) => found.push({ kind: "redis", severity, text, href: null });
  const { usedBytes, maxBytes, policy, evicted } = redis;
  if (maxBytes !== null && maxBytes > 0) {
    const used = usedBytes / maxBytes;
    const full = `Redis has filled ${Math.floor(used * 100)} % of its maxmemory`;
    const evicts = policy !== null && policy !== "noeviction";
    if (used >= FULL) add("trouble", `${full}: ${evicts ? "it begins to drop keys" : "soon it refuses new messages"}.`);
    else if (used >= FILLING) add("warning", `${full}.`);
    if (evicts)
      add("warning", `Redis may drop queues and results when it is full: maxmemory-policy is ${policy}, a broker needs noeviction.`);
  }
  if (evicted > 0)
    add("trouble", `Redis has dropped ${count(evicted, "key")} to save memory since it started; messages may be among them.`);
  return found;
}

function gaps({ gaps, now }: Facts): Finding[] {
  const last = gaps.at(-1);
  if (last === undefined) return [];
  const known = gaps.reduce((sum, gap) => sum + (gap.count ?? 0), 0);
  const events = known > 0 ? `At least ${count(known, "event")} ${known === 1 ? "was" : "were"} not heard` : "Events were not heard";
  const times = gaps.length === 1 ? "" : ` in ${gaps.length} gaps`;
  return [
    { kind: "gap", severity: "warning", text: `${events}${times}, last ${durationText(now - last.at)} ago: ${last.reason}.`, href: null },
  ];
}

function malformed({ malformed, now }: Facts): Finding[] {
  const last = malformed.at(-1);
  if (last === undefined) return [];
  const sum = malformed.reduce((total, one) => total + (one.count ?? 1), 0);
  const text = `${count(sum, "thing")} on the broker could not be read, last ${durationText(now - last.at)} ago in ${last.where}: ${last.reason}.`;
  return [{ kind: "malformed", severity: "warning", text, href: null }];
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function count(value: number, thing: string): string {
  return `${number(value)} ${thing}${value === 1 ? "" : "s"}`;
}

function verb(things: readonly unknown[], one: string, many: string): string {
  return things.length === 1 ? one : many;
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, all.length > NAMED ? NAMED - 1 : NAMED);
  const rest = all.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length === 1 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1) ?? ""}`;
}

function hrefOf(workers: readonly WorkerRow[]): string {
  const [first] = workers;
  return workers.length === 1 && first !== undefined ? workerHref(first.name) : "/workers";
}

function workerHref(name: string): string {
  return `/workers/${inAddress(name)}`;
}

function queueHref(name: string): string {
  return `/queues/${inAddress(name)}`;
}
