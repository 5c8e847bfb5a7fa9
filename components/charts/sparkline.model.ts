/** The line of depths over time in a box, from zero at its bottom. One point is a level line; none is no line. */
export function sparkPath(points: readonly { at: number; depth: number }[], width: number, height: number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "";
  const span = last.at - first.at || 1;
  const top = Math.max(1, ...points.map(({ depth }) => depth));
  const y = (depth: number): number => round(height - 1 - (depth / top) * (height - 2));
  if (points.length === 1) return `M0 ${y(first.depth)}H${width}`;
  return points.map(({ at, depth }, index) => `${index === 0 ? "M" : "L"}${round(((at - first.at) / span) * width)} ${y(depth)}`).join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
