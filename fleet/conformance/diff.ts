// node fleet/conformance/diff.ts PYTHON.jsonl TYPESCRIPT.jsonl [worker-compatibility.md]: what differs between two runs of run.py, grouped by place.
import { readFileSync } from "node:fs";
import { type Difference, type Line, declaredDifferences, differences, explanations } from "./compare.ts";

const [one = "", other = "", page] = process.argv.slice(2);
const declared = page === undefined ? [] : declaredDifferences(readFileSync(page, "utf8"));
const read = (path: string) =>
  new Map(
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line)
      .map((line) => [line.case, line]),
  );
const [left, right] = [read(one), read(other)];
const names = [...new Set([...left.keys(), ...right.keys()])];
const found = names
  .flatMap((name) => differences(left.get(name), right.get(name)))
  .filter((item) => explanations(item, declared).length === 0);

const groups = new Map<string, Difference[]>();
for (const item of found) {
  const key = `${item.where.replaceAll(/<\d+>|(?<=\.)\d+(?=\.|$)/g, "#")} | ${short(item.python)} | ${short(item.typescript)}`;
  groups.set(key, [...(groups.get(key) ?? []), item]);
}
const differing = new Set(found.map((item) => item.case));
console.error(`${names.length} cases, ${differing.size} differ, ${found.length} differences in ${groups.size} groups`);
for (const [key, items] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
  const cases = [...new Set(items.map((item) => item.case))];
  process.stdout.write(
    `${items.length} × ${key}\n    ${cases.slice(0, 6).join("; ")}${cases.length > 6 ? `; … ${cases.length - 6} more` : ""}\n`,
  );
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 200)} … ${text.slice(-200)}` : text;
}
