import { execFileSync } from "node:child_process";
import { loadavg, totalmem, type } from "node:os";

/** What repeats of one measurement gave. */
export interface Figure {
  median: number;
  least: number;
  most: number;
}

/** Throws when nothing was measured. */
export function figureOf(values: readonly number[]): Figure {
  if (values.length === 0) throw new RangeError("Nothing was measured");
  return { median: percentile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}

/** The smallest value that so large a share of all does not exceed. NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** `12.3 (11.9 to 14.0)`, or the value alone where there is one. */
export function shown({ median, least, most }: Figure): string {
  return least === most ? number(median) : `${number(median)} (${number(least)} to ${number(most)})`;
}

/** Three significant digits, thousands apart; a dash for what is not known. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : Number(value.toPrecision(3)).toString();
}

/** Prints one line of JSON, and below it the same as a table for people. */
export function report(name: string, options: object, rows: readonly Record<string, unknown>[], columns?: readonly string[]): void {
  const line = { bench: name, at: new Date().toISOString(), machine: machine(), options, rows };
  process.stdout.write(`${JSON.stringify(line)}\n\n${table(rows, columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))])}\n`);
}

function table(rows: readonly Record<string, unknown>[], columns: readonly string[]): string {
  const lines = [columns, columns.map(() => "---"), ...rows.map((row) => columns.map((column) => cell(row[column])))];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function cell(value: unknown): string {
  if (isFigure(value)) return shown(value);
  if (typeof value === "number") return number(value);
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isFigure(value: unknown): value is Figure {
  return typeof value === "object" && value !== null && "median" in value && "least" in value && "most" in value;
}

function machine(): Record<string, unknown> {
  const redis = /v=([\d.]+)/.exec(execFileSync("redis-server", ["--version"]).toString())?.[1];
  const cores = Number(execFileSync("nproc").toString());
  return { cores, memoryGb: Math.round(totalmem() / 2 ** 30), system: type(), node: process.version, redis, load: loadavg()[0] };
}
