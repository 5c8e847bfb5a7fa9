import type { FailureGroup } from "../contract/overview.ts";
import type { SeriesPoint } from "../contract/series.ts";
import type { RowFilter } from "../view/filter.ts";
import { forEachMatch } from "../view/query.ts";
import type { TaskTable } from "../view/task-table.ts";
import type { FailingName } from "./findings.ts";

/** Failed tasks that match, by name and exception, the most frequent first, the newest task of each as its sample. */
export function failureGroups(table: TaskTable, filter: RowFilter, now: number): FailureGroup[] {
  const groups = new Map<number, { count: number; firstAt: number; lastAt: number; row: number }>();
  // Rows of a million failures are counted by their numbers; only one of each group is read.
  forEachMatch(table, filter, now, (row) => {
    const chunk = table.chunkOf(row);
    const at = row - chunk.first;
    const endedAt = chunk.endedAt[at] ?? 0;
    const key = (chunk.name[at] ?? 0) * WORDS + (chunk.exception[at] ?? 0);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { count: 1, firstAt: endedAt, lastAt: endedAt, row });
      return;
    }
    group.count++;
    group.firstAt = Math.min(group.firstAt, endedAt);
    if (endedAt > group.lastAt) Object.assign(group, { lastAt: endedAt, row });
  });
  return Array.from(groups.values(), ({ row, ...group }) => {
    const { id, name = null, exceptionType = null } = table.read(row);
    return { name, exceptionType, ...group, sampleId: id };
  }).toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

/** Word numbers are below this. */
const WORDS = 65_536;

/** Fewer failures than this are an accident; the overview lists them, but nobody is called. */
const FEW = 3;
/** From this share of failed runs on a name counts as failing. */
const MANY = 0.2;
/** So many of the last runs show whether it still fails. */
const LAST_RUNS = 10;

/**
 * Whether a name fails now, and since when; `points` are its counts over time, oldest first. The failing began where the
 * share of failures changed most; `since` is null when it has failed like this for as long as the points go back.
 */
export function failingName(name: string, exceptionType: string | null, points: readonly SeriesPoint[]): FailingName | null {
  const change = changeOf(points);
  const before = sumOf(points.slice(0, change));
  const after = sumOf(points.slice(change));
  if (after.failed < FEW || shareOf(after) < MANY || shareOf(sumOf(lastRuns(points))) < MANY) return null;
  const isNew = before.ended > 0 && shareOf(before) <= shareOf(after) / 2;
  const { failed, ended } = isNew ? after : sumOf(points);
  const began = points.slice(change).find((point) => point.failed > 0);
  return { name, exceptionType, failed, ended, since: isNew ? (began?.at ?? null) : null };
}

/** The point from which on failures exceed their overall share the most. */
function changeOf(points: readonly SeriesPoint[]): number {
  const share = shareOf(sumOf(points));
  let excess = 0;
  let most = 0;
  let change = 0;
  for (const [index, point] of [...points.entries()].toReversed()) {
    excess += point.failed - share * endedIn(point);
    if (excess > most) [most, change] = [excess, index];
  }
  return change;
}

/** The latest points with at least so many runs. */
function lastRuns(points: readonly SeriesPoint[]): readonly SeriesPoint[] {
  let runs = 0;
  const from = points.findLastIndex((point) => (runs += endedIn(point)) >= LAST_RUNS);
  return points.slice(Math.max(from, 0));
}

function sumOf(points: readonly SeriesPoint[]): { failed: number; ended: number } {
  return points.reduce((sum, point) => ({ failed: sum.failed + point.failed, ended: sum.ended + endedIn(point) }), { failed: 0, ended: 0 });
}

function shareOf({ failed, ended }: { failed: number; ended: number }): number {
  return ended === 0 ? 0 : failed / ended;
}

function endedIn({ succeeded, failed }: SeriesPoint): number {
  return succeeded + failed;
}
