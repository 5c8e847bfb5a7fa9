/** One metric with all its series, as it is at the moment of a scrape. */
export interface Family {
  name: string;
  type: "gauge" | "counter";
  help: string;
  series: Series[];
}

export interface Series {
  labels: Readonly<Record<string, string>>;
  value: number;
}

export type Labels = Series["labels"];

/** What is beyond a bound stands under this label value. */
export const OTHER = "__other__";

/** Longer values are cut: they come from the watched application, and every scrape sends them again. */
const LONGEST_LABEL = 200;

/** A family of those series that have a value. */
export function family(
  type: Family["type"],
  name: string,
  help: string,
  series: Iterable<{ labels: Labels; value: number | null | undefined }>,
): Family {
  const known: Series[] = [];
  for (const { labels, value } of series) if (value !== null && value !== undefined) known.push({ labels, value });
  return { name, type, help, series: known };
}

/** Prometheus' text format 0.0.4. Families without series are left out. */
export function renderFamilies(families: readonly Family[]): string {
  return families.flatMap(linesOf).join("");
}

function linesOf({ name, type, help, series }: Family): string[] {
  if (series.length === 0) return [];
  const head = [`# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n`, `# TYPE ${name} ${type}\n`];
  return [...head, ...series.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`)];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  const clean = value.slice(0, LONGEST_LABEL).replace(/[^\P{Cc}\n]/gu, "\ufffd");
  return clean.toWellFormed().replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
