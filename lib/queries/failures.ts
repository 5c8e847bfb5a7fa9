import type { FailureGroup } from "../contract/overview.ts";
import type { SeriesPoint } from "../contract/series.ts";
import type { Task } from "../model/task.ts";
import type { FailingName } from "./findings.ts";

/** Failed tasks by name and exception, the most frequent first, the newest task of each as its sample. */
export function failureGroups(tasks: Iterable<Task>): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { id, name = null, exceptionType = null, stepAt } of tasks) {
    const key = JSON.stringify([name, exceptionType]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { name, exceptionType, count: 1, firstAt: stepAt, lastAt: stepAt, sampleId: id });
      continue;
    }
    group.count++;
    group.firstAt = Math.min(group.firstAt, stepAt);
    if (stepAt > group.lastAt) Object.assign(group, { lastAt: stepAt, sampleId: id });
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

/** Fewer failures than this are an accident; the overview lists them, but nobody is called. */
const FEW = 3;
/** From this share of failed runs on a name counts as failing. */
const MANY = 0.2;
/** A bucket with a smaller share of failed runs is one in which the name still worked. */
const WORKED = 0.1;

/**
 * Whether a name fails now, and since when: `points` are its counts over time, oldest first. The failing began with the
 * first failure after the last bucket in which it worked; `since` is null when there is no such bucket.
 */
export function failingName(name: string, exceptionType: string | null, points: readonly SeriesPoint[]): FailingName | null {
  const worked = points.findLastIndex((point) => point.succeeded > 0 && point.failed <= ended(point) * WORKED);
  const recent = points.slice(worked + 1);
  const failed = recent.reduce((sum, point) => sum + point.failed, 0);
  const all = recent.reduce((sum, point) => sum + ended(point), 0);
  if (failed < FEW || failed < all * MANY) return null;
  const began = recent.find((point) => point.failed > 0);
  return { name, exceptionType, failed, ended: all, since: worked < 0 ? null : (began?.at ?? null) };
}

function ended({ succeeded, failed }: SeriesPoint): number {
  return succeeded + failed;
}
