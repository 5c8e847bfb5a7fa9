import type { OldestAge, QueueRow } from "../../lib/contract/queue.ts";
import type { Appearance } from "../state/state.model.ts";
import { formatDuration } from "../time/time.model.ts";

export const HEALTH: Record<QueueRow["health"], Appearance & { rank: number }> = {
  stuck: { shape: "pause", hue: "failure", word: "Stuck", meaning: "Messages wait and none is taken", loud: true, rank: 5 },
  unconsumed: {
    shape: "cross",
    hue: "failure",
    word: "No consumers",
    meaning: "Messages wait and no worker takes from it",
    loud: true,
    rank: 4,
  },
  growing: { shape: "triangle", hue: "retry", word: "Growing", meaning: "More comes in than goes out", rank: 3 },
  unknown: { shape: "unknown", hue: "queued", word: "Unknown", meaning: "There is not enough to tell", rank: 2 },
  fine: { shape: "check", hue: "queued", word: "Fine", meaning: "It drains", rank: 1 },
  idle: { shape: "minus", hue: "queued", word: "Idle", meaning: "Nothing waits", rank: 0 },
};

const KNOWN: Record<OldestAge["from"], string> = {
  sent: "The producer said when it was sent",
  watched: "Since it was seen to enter the queue",
  "at-least": "It was there when Perennial first looked: it may be older",
};

/** The age of the oldest message, and how it is known. */
export function oldestWords({ ms, from }: OldestAge): { text: string; known: string } {
  return { text: `${from === "at-least" ? "≥ " : ""}${formatDuration(ms)}`, known: KNOWN[from] };
}

/** How long the queue needs to be empty at the present rates, or why it never will; null where rates are not known. */
export function drainWords({ depth, inPerMinute, outPerMinute }: Pick<QueueRow, "depth" | "inPerMinute" | "outPerMinute">): string | null {
  if (inPerMinute === null || outPerMinute === null || depth === 0) return null;
  const net = outPerMinute - inPerMinute;
  return net <= 0 ? "never" : formatDuration((depth / net) * 60_000);
}
