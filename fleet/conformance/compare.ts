/** One line of run.py. */
export interface Line {
  case: string;
  observation?: unknown;
  /** The case itself broke: a traceback. */
  error?: string;
  seconds: number;
}

/** One place where two workers were seen to behave differently. */
export interface Difference {
  case: string;
  /** Path into the observation, such as `tasks.<1>.events.2.result`. */
  where: string;
  python: unknown;
  typescript: unknown;
}

/** A row of docs/worker-compatibility.md: a difference that is known, and why. */
export interface Declared {
  /** Names of cases; `*` stands for anything. */
  cases: string;
  /** Paths; likewise. */
  where: string;
  why: string;
}

const ABSENT = "(absent)";

/** What differs between the two runs of one case. A case that broke differs as a whole. */
export function differences(python: Line | undefined, typescript: Line | undefined): Difference[] {
  const name = python?.case ?? typescript?.case ?? "";
  const found: Difference[] = [];
  const add = (where: string, one: unknown, other: unknown) => found.push({ case: name, where, python: one, typescript: other });
  if (python === undefined || typescript === undefined || python.error !== undefined || typescript.error !== undefined) {
    add("", outcomeOf(python), outcomeOf(typescript));
    return found;
  }
  walk("", python.observation, typescript.observation, add);
  return found;
}

function outcomeOf(line: Line | undefined): unknown {
  return line === undefined ? "(not run)" : (line.error ?? "(fine)");
}

function walk(path: string, one: unknown, other: unknown, add: (where: string, one: unknown, other: unknown) => void): void {
  const at = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(one) && Array.isArray(other)) {
    // Where one is missing, comparing the rest place by place would say nothing.
    const [ones, others] = [one.map(kindOf), other.map(kindOf)];
    if (ones.join("\0") !== others.join("\0")) add(path, ones, others);
    else one.forEach((item, index) => walk(at(index), item, other[index], add));
  } else if (isObject(one) && isObject(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      walk(at(key), key in one ? one[key] : ABSENT, key in other ? other[key] : ABSENT, add);
    }
  } else if (!Object.is(one, other)) {
    add(path, one, other);
  }
}

/** What an item of a list is, for the order of unlike things: an event's type, a result's state. */
function kindOf(item: unknown): unknown {
  if (!isObject(item)) return Array.isArray(item) ? "[]" : JSON.stringify(item);
  return item["type"] ?? item["status"] ?? "{}";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The rows of the table whose first column is `cases`, in a Markdown page. */
export function declaredDifferences(markdown: string): Declared[] {
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) => /^\|\s*cases\s*\|/i.test(line));
  const rows: Declared[] = [];
  for (const line of head < 0 ? [] : lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    const [, cases = "", where = "", why = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    rows.push({ cases: code(cases), where: code(where), why });
  }
  return rows;
}

function code(cell: string): string {
  return cell.replace(/^`|`$/g, "");
}

/** The rows that explain a difference. */
export function explanations(difference: Difference, declared: readonly Declared[]): Declared[] {
  return declared.filter(({ cases, where }) => glob(cases, difference.case) && glob(where, difference.where));
}

function glob(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}
