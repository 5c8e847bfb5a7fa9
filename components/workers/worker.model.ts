import type { WorkerRow } from "../../lib/contract/worker.ts";
import type { Appearance } from "../state/state.model.ts";

export const WORKER_LOOKS: Record<WorkerRow["state"], Appearance & { rank: number }> = {
  lost: {
    shape: "broken",
    hue: "failure",
    word: "Lost",
    meaning: "Silent for so long that what it ran counts as lost",
    loud: true,
    rank: 5,
  },
  looping: { shape: "loop", hue: "failure", word: "Looping", meaning: "It starts, or connects, over and over", loud: true, rank: 4 },
  late: { shape: "clock", hue: "retry", word: "Late", meaning: "No sign of life for longer than expected", rank: 3 },
  silent: { shape: "unknown", hue: "retry", word: "Silent", meaning: "It answers remote control but sends no events", rank: 2 },
  online: { shape: "dot", hue: "success", word: "Online", meaning: "It shows signs of life", rank: 1 },
  stopped: { shape: "minus", hue: "queued", word: "Stopped", meaning: "It said good-bye", rank: 0 },
};

/** How full its slots are, between 0 and 1; null where either number is not known. */
export function fillOf({ active, slots }: Pick<WorkerRow, "active" | "slots">): number | null {
  if (active === null || slots === null || slots <= 0) return null;
  return Math.min(1, Math.max(0, active / slots));
}

/** `5 of 8`, `5`, `–`. */
export function slotWords({ active, slots }: Pick<WorkerRow, "active" | "slots">): string {
  if (active === null) return slots === null ? "–" : `? of ${slots}`;
  return slots === null ? String(active) : `${active} of ${slots}`;
}

/** Whether it is late as soon as it misses a few heartbeats. Not each of them is told, so the last that was says nothing about now. */
export function showsLifeNow({ state }: Pick<WorkerRow, "state">): boolean {
  return state === "online";
}
