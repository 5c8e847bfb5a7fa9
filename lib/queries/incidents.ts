import type { Gap, MalformedKind } from "../contract/overview.ts";
import type { Incident, View } from "../view/view.ts";

/** As many kinds as there are ways to be wrong: one that never ends, such as a key of another type, must not hide the others. */
const KINDS = 200;
const GAPS = 50;

interface Span {
  from: number;
  to: number;
}

/** What could not be read within a span, as it was told. The view keeps the last thousand. */
export function malformedIn(view: View, span: Span): Incident[] {
  return view.malformed.kept.filter(isIn(span));
}

export function gapsIn(view: View, span: Span): Incident[] {
  return view.gaps.kept.filter(isIn(span));
}

/** By place and reason, the latest first, with the latest sample of each. */
export function malformedKinds(incidents: readonly Incident[]): MalformedKind[] {
  const kinds = new Map<string, MalformedKind>();
  for (const { where, reason, at, count, sample } of incidents) {
    const key = `${where}\n${reason}`;
    const before = kinds.get(key);
    // Set anew, it comes last.
    kinds.delete(key);
    kinds.set(key, { where, reason, count: (before?.count ?? 0) + (count ?? 1), lastAt: at, sample: sample ?? before?.sample ?? null });
  }
  return [...kinds.values()].slice(-KINDS).toReversed();
}

/** The latest first. */
export function shownGaps(incidents: readonly Incident[]): Gap[] {
  return incidents
    .slice(-GAPS)
    .map(({ fromAt, at, where, reason, count }) => ({ fromAt, at, where, reason, count }))
    .toReversed();
}

function isIn({ from, to }: Span): (incident: Incident) => boolean {
  return ({ at }) => at >= from && at <= to;
}
