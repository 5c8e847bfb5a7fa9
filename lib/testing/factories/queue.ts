import type { HeldMessage, QueueRow, WaitingMessage } from "../../contract/queue.ts";
import { NOW } from "./task.ts";

export function fineQueue(over: Partial<QueueRow> = {}): QueueRow {
  return {
    name: "default",
    depth: 301,
    byPriority: [{ priority: 0, depth: 301 }],
    oldest: { ms: 4_000, from: "sent" },
    consumers: ["celery@w1-a1", "celery@w2-a1", "celery@w3-b2"],
    inPerMinute: 1_920,
    outPerMinute: 1_944,
    history: depths((minute) => 300 + 40 * Math.sin(minute)),
    health: "fine",
    reason: "It drains as fast as it fills.",
    expiresInMs: null,
    sampledAt: NOW - 900,
    ...over,
  };
}

/** A queue that three of its four workers have left. */
export function growingQueue(over: Partial<QueueRow> = {}): QueueRow {
  return fineQueue({
    name: "billing",
    depth: 2_104,
    byPriority: [
      { priority: 0, depth: 2_000 },
      { priority: 6, depth: 104 },
    ],
    oldest: { ms: 362_000, from: "at-least" },
    consumers: ["celery@w3-b2"],
    inPerMinute: 240,
    outPerMinute: 200,
    history: depths((minute) => minute * 35),
    health: "growing",
    reason: "It grows by 40 a minute: 3 of 4 workers that consumed it stopped at 14:02.",
    ...over,
  });
}

export function unconsumedQueue(over: Partial<QueueRow> = {}): QueueRow {
  return fineQueue({
    name: "exports",
    depth: 12,
    oldest: { ms: 5_400_000, from: "watched" },
    consumers: [],
    inPerMinute: 0.2,
    outPerMinute: 0,
    history: depths((minute) => minute / 5),
    health: "unconsumed",
    reason: "No worker that answers consumes it.",
    ...over,
  });
}

export function idleQueue(over: Partial<QueueRow> = {}): QueueRow {
  return fineQueue({
    name: "nightly",
    depth: 0,
    byPriority: [],
    oldest: null,
    inPerMinute: null,
    outPerMinute: null,
    history: depths(() => 0),
    health: "idle",
    reason: "Nothing waits.",
    ...over,
  });
}

function depths(of: (minute: number) => number): QueueRow["history"] {
  return Array.from({ length: 60 }, (_, minute) => ({ at: NOW - (60 - minute) * 60_000, depth: Math.max(0, Math.round(of(minute))) }));
}

export function waitingMessage(over: Partial<WaitingMessage> = {}): WaitingMessage {
  return {
    position: 0,
    priority: 0,
    id: "1f0b3c2e-94a7-4f7e-9c25-b5b5a3a0f001",
    name: "billing.send_invoice",
    args: "(9120114, {'customer': 4711})",
    kwargs: "{}",
    retries: 0,
    etaAt: null,
    expiresAt: null,
    redelivered: false,
    size: 812,
    problems: [],
    raw: '{"body": "W1s5MTIwMTE0XV0=", "headers": {"task": "billing.send_invoice"}}',
    rawCut: false,
    ...over,
  };
}

/** A message that no worker can read and that makes one stop. */
export function poisonMessage(over: Partial<WaitingMessage> = {}): WaitingMessage {
  return waitingMessage({
    id: null,
    name: null,
    args: null,
    kwargs: null,
    retries: null,
    size: 14,
    problems: ["It is not JSON: a worker that takes it stops with a decode error and takes it again after its restart."],
    raw: "not json at all",
    ...over,
  });
}

export function heldMessage(over: Partial<HeldMessage> = {}): HeldMessage {
  return {
    tag: "0c9d5e9a-1111-4222-8333-444455556666",
    id: "74ff28fb-6f5a-4a51-9d0e-0b7a7f3a9f10",
    name: "billing.send_invoice",
    takenAt: NOW - 11_800,
    holder: "celery@w3-b2",
    etaAt: null,
    ...over,
  };
}
