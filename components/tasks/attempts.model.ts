import type { Attempt } from "../../lib/contract/task.ts";

/** A stretch of a task's life. `wait`: in the broker or prefetched. `delay`: waits for its time. `run`: executes. */
export interface Stretch {
  kind: "wait" | "delay" | "run";
  from: number;
  to: number;
  /** Index of the attempt. */
  attempt: number;
  state: string;
  /** It still goes on. */
  open: boolean;
}

/** The life of a task as stretches in a row, for a bar. Where a moment is not known, its stretch is left out: a gap. */
export function stretchesOf(attempts: readonly Attempt[], now: number): Stretch[] {
  const stretches: Stretch[] = [];
  const over = attempts.at(-1)?.endedAt != null;
  attempts.forEach(({ state, sentAt, receivedAt, startedAt, endedAt, etaAt }, attempt) => {
    const last = attempt === attempts.length - 1;
    const begin = sentAt ?? attempts[attempt - 1]?.endedAt ?? receivedAt;
    const ready = startedAt ?? (last && !over ? now : endedAt);
    const add = (kind: Stretch["kind"], from: number | null | undefined, to: number | null | undefined, open: boolean): void => {
      if (from != null && to != null && to > from) stretches.push({ kind, from, to, attempt, state, open });
    };
    const due = etaAt !== null && begin != null && etaAt > begin ? Math.min(etaAt, ready ?? etaAt) : null;
    add("delay", begin, due, due !== null && startedAt === null && !over && last && due === ready);
    add("wait", due ?? begin, ready, startedAt === null && last && !over);
    add("run", startedAt, endedAt ?? (last ? now : null), endedAt === null);
  });
  return stretches;
}

/** The span that the bar covers. */
export function spanOfStretches(stretches: readonly Stretch[]): { from: number; to: number } | null {
  if (stretches.length === 0) return null;
  return { from: Math.min(...stretches.map(({ from }) => from)), to: Math.max(...stretches.map(({ to }) => to)) };
}
