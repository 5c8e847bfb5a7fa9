import type { QueueRow } from "../contract/queue.ts";
import { durationText } from "./duration-text.ts";

export type QueueFacts = Pick<QueueRow, "depth" | "history" | "oldest" | "consumers" | "inPerMinute" | "outPerMinute" | "sampledAt">;

export type QueueHealth = Pick<QueueRow, "health" | "reason">;

/** Depths older than this say nothing about now. */
const STALE_MS = 60_000;
/** Growth and standstill are judged over this much of the history. */
const RECENT_MS = 300_000;
/** A queue whose head waits this long while nothing leaves it is stuck, not slow. */
const STUCK_MS = 300_000;

/** Worst first: the badge and the sorting of queues both go by it. */
const BY_URGENCY: readonly QueueRow["health"][] = ["unconsumed", "stuck", "growing", "unknown", "fine", "idle"];

export function urgencyOf(health: QueueRow["health"]): number {
  return BY_URGENCY.indexOf(health);
}

/** How a queue is, and why in one sentence that an operator would say. */
export function queueHealth(facts: QueueFacts, now: number): QueueHealth {
  const { depth, consumers, outPerMinute } = facts;
  if (facts.sampledAt === null) return { health: "unknown", reason: "Not read yet." };
  if (now - facts.sampledAt > STALE_MS) {
    return { health: "unknown", reason: `Not read for ${durationText(now - facts.sampledAt)}.` };
  }
  if (depth === 0) return { health: "idle", reason: "Empty." };
  if (consumers?.length === 0) {
    return { health: "unconsumed", reason: `No worker that is alive consumes it; ${waiting(depth)}.` };
  }
  const recent = facts.history.filter(({ at }) => at >= now - RECENT_MS);
  if (isStuck(facts, recent, now)) {
    return { health: "stuck", reason: `Nothing has left it for ${stillText(facts, now)}; ${waiting(depth)}.` };
  }
  const growth = growthPerMinute(recent);
  if (growth !== undefined) {
    return { health: "growing", reason: `Grows by ${Math.round(growth)} a minute; ${waiting(depth)}${oldestText(facts)}.` };
  }
  if (outPerMinute !== null && outPerMinute > 0) {
    return { health: "fine", reason: `What waits is taken within ${durationText((depth / outPerMinute) * 60_000)} at the present rate.` };
  }
  return { health: "fine", reason: `${capital(waiting(depth))}${oldestText(facts)}.` };
}

function waiting(depth: number): string {
  return depth === 1 ? "1 message waits" : `${depth.toLocaleString("en-US")} messages wait`;
}

function oldestText({ oldest }: QueueFacts): string {
  if (oldest === null) return "";
  return `, the oldest for ${oldest.from === "at-least" ? "at least " : ""}${durationText(oldest.ms)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

type History = QueueRow["history"];

function isStuck(facts: QueueFacts, recent: History, now: number): boolean {
  if ((facts.oldest?.ms ?? 0) < STUCK_MS) return false;
  if (facts.outPerMinute !== null && facts.outPerMinute > 0) return false;
  const first = recent[0];
  // Without events nothing tells what left; then a depth that never fell is the only sign.
  const watched = first !== undefined && now - first.at >= RECENT_MS - STALE_MS;
  return watched && recent.every(({ depth }, index) => depth >= (recent[index - 1]?.depth ?? 0));
}

/** Since the last fall of the depth; without one, at least as long as we have looked. */
function stillText({ history }: QueueFacts, now: number): string {
  const fall = history.findLastIndex(({ depth }, index) => depth < (history[index - 1]?.depth ?? 0));
  const since = now - (history[Math.max(fall, 0)]?.at ?? now);
  return `${fall < 0 ? "at least " : ""}${durationText(since)}`;
}

/**
 * Messages a minute by which a queue grows, or undefined when it does not: the mean depth of the last third of the recent
 * history against that of the first. Bursts come and go within a minute; less than ten messages and a tenth are noise.
 */
function growthPerMinute(recent: History): number | undefined {
  const third = Math.floor(recent.length / 3);
  const first = recent.slice(0, third);
  const last = recent.slice(-third);
  if (third === 0) return undefined;
  const minutes = (mean(last, "at") - mean(first, "at")) / 60_000;
  const more = mean(last, "depth") - mean(first, "depth");
  if (minutes < 1 || more < 10 || more < mean(first, "depth") / 10) return undefined;
  // After a burst the mean is still high while the queue already drains.
  if ((recent.at(-1)?.depth ?? 0) < mean(last, "depth") * 0.9) return undefined;
  return more / minutes >= 1 ? more / minutes : undefined;
}

function mean(history: History, field: "at" | "depth"): number {
  return history.reduce((sum, point) => sum + point[field], 0) / history.length;
}
