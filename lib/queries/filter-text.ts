/**
 * The filter language. It began as Flower's search (`state:FAILURE`, `args:…`, `kwargs:k=v`, `result:…`, plain words
 * that may stand anywhere) and adds AND, OR, NOT or `-`, parentheses, `*` in names and comparisons of numbers.
 */
import { type Token, tokenize } from "./filter-lexer.ts";

/** Fields with one value per task; `*` in a pattern stands for any text. */
export const MATCH_FIELDS = ["state", "name", "queue", "worker", "exception", "id", "parent", "root", "group"] as const;
export type MatchField = (typeof MATCH_FIELDS)[number];

/** Numbers; `runtime` and `wait` in ms here, with a unit or as seconds in the text. */
export const NUMBER_FIELDS = ["retries", "priority", "runtime", "wait"] as const;
export type NumberField = (typeof NUMBER_FIELDS)[number];

/** Texts of the payload, searched for a part of them, upper and lower case alike. */
export const TEXT_FIELDS = ["args", "kwargs", "result", "traceback"] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

export type Comparison = "=" | ">" | ">=" | "<" | "<=";

export type Filter =
  /** Two or more operands, none of them of the same kind. */
  { is: "all" | "any"; of: Filter[] } | { is: "not"; of: Filter } | Term;

export type Term =
  | { is: "match"; field: MatchField; pattern: string }
  | { is: "compare"; field: NumberField; by: Comparison; value: number }
  | { is: "holds"; field: TextField; text: string }
  | { is: "kwarg"; name: string; value: string }
  /** Anywhere: in the name, the id, the worker, the arguments, the result … */
  | { is: "words"; text: string };

export type ParsedFilter = { ok: true; filter: Filter | null } | { ok: false; at: number; reason: string };

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["uuid", "id"],
  ["taskname", "name"],
  ["workername", "worker"],
  ["run", "runtime"],
]);

const MAX_DEPTH = 50;

class Broken extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Reads a filter text; a text that cannot be read gives the reason and the offset where it goes wrong. Never throws. */
export function parseFilter(source: string): ParsedFilter {
  const lexed = tokenize(source);
  if (!lexed.ok) return lexed;
  if (lexed.tokens.length === 0) return { ok: true, filter: null };
  try {
    return { ok: true, filter: new Parser(lexed.tokens, source.length).parse() };
  } catch (error) {
    if (error instanceof Broken) return { ok: false, at: error.at, reason: error.message };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  parse(): Filter {
    const filter = this.#any();
    const rest = this.#peek();
    if (rest !== undefined) throw new Broken(rest.at, "this closing parenthesis was never opened");
    return filter;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #accept(kind: Token["kind"]): boolean {
    if (this.#peek()?.kind !== kind) return false;
    this.#next++;
    return true;
  }

  #any(): Filter {
    const operands = [this.#all()];
    while (this.#accept("or")) operands.push(this.#all());
    return combine("any", operands);
  }

  #all(): Filter {
    const operands: { filter: Filter; joined: boolean }[] = [{ filter: this.#operand(), joined: false }];
    for (;;) {
      const joined = this.#accept("and");
      const kind = this.#peek()?.kind;
      if (!joined && (kind === undefined || kind === "close" || kind === "or")) break;
      operands.push({ filter: this.#operand(), joined });
    }
    return combine("all", eitherOfOneField(operands));
  }

  #operand(): Filter {
    const token = this.#peek();
    if (token === undefined) throw new Broken(this.#end, "something is missing at the end");
    if (token.kind !== "word" && ++this.#depth > MAX_DEPTH) throw new Broken(token.at, "this is nested too deep");
    this.#next++;
    switch (token.kind) {
      case "word":
        return term(token);
      case "not": {
        const negated = this.#operand();
        this.#depth--;
        return negated.is === "not" ? negated.of : { is: "not", of: negated };
      }
      case "open": {
        if (this.#peek()?.kind === "close") throw new Broken(token.at, "these parentheses are empty");
        const inner = this.#any();
        if (!this.#accept("close")) throw new Broken(token.at, "the parenthesis that opens here is never closed");
        this.#depth--;
        return inner;
      }
      case "close":
        throw new Broken(token.at, "something is missing before this closing parenthesis");
      case "and":
      case "or":
        throw new Broken(token.at, `something is missing before ${token.kind.toUpperCase()}`);
    }
  }
}

function combine(is: "all" | "any", operands: Filter[]): Filter {
  const flat = operands.flatMap((operand) => (operand.is === is ? operand.of : [operand]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { is, of: flat };
}

/**
 * As in Flower, `state:FAILURE state:RETRY` means either: a task has only one state, so both at once could only be a
 * mistake. An AND between them is taken at its word.
 */
function eitherOfOneField(operands: { filter: Filter; joined: boolean }[]): Filter[] {
  const result: Filter[] = [];
  const groups = new Map<MatchField, number>();
  for (const { filter, joined } of operands) {
    const earlier = filter.is === "match" && !joined ? groups.get(filter.field) : undefined;
    const before = earlier === undefined ? undefined : result[earlier];
    if (earlier !== undefined && before !== undefined) {
      result[earlier] = combine("any", [before, filter]);
      continue;
    }
    if (filter.is === "match") groups.set(filter.field, result.length);
    result.push(filter);
  }
  return result;
}

function term(token: Extract<Token, { kind: "word" }>): Filter {
  const { text, colon } = token;
  if (colon <= 0) return words(token, text);
  const given = text.slice(0, colon).toLowerCase();
  const field = ALIASES.get(given) ?? given;
  const value = text.slice(colon + 1);
  const match = MATCH_FIELDS.find((known) => known === field);
  const number = NUMBER_FIELDS.find((known) => known === field);
  const holds = TEXT_FIELDS.find((known) => known === field);
  // `http://db-2` and `KeyError:` are texts to look for, not fields.
  if (match === undefined && number === undefined && holds === undefined) return words(token, text);
  if (value === "") throw new Broken(token.end, `${field}: needs a value`);
  if (match !== undefined) return { is: "match", field: match, pattern: value };
  if (number !== undefined) return comparison(token, number, value);
  const equals = value.indexOf("=");
  if (holds === "kwargs" && equals > 0) return { is: "kwarg", name: value.slice(0, equals), value: value.slice(equals + 1) };
  return { is: "holds", field: holds ?? "args", text: value };
}

function words(token: Token, text: string): Filter {
  if (text === "") throw new Broken(token.at, "there is nothing between these quotation marks");
  return { is: "words", text };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function comparison(token: Extract<Token, { kind: "word" }>, field: NumberField, value: string): Filter {
  const at = token.end - value.length;
  const parts = /^(>=|<=|>|<|=)?(-?\d{1,15}(?:\.\d{1,15})?)(ms|[smhd])?$/.exec(value);
  const timed = field === "runtime" || field === "wait";
  const unit = parts?.[3];
  if (parts === null || (unit !== undefined && !timed)) {
    throw new Broken(at, timed ? `${field}: needs a duration such as >1.5s or <200ms` : `${field}: needs a number such as 3 or >0`);
  }
  const factor = timed ? (UNITS[unit ?? "s"] ?? 1) : 1;
  const by = COMPARISONS.find((known) => known === parts[1]) ?? "=";
  const number = rounded(Number(parts[2]) * factor);
  if (Math.abs(number) > MAX_NUMBER) throw new Broken(at, `${field}: this number is too large`);
  return { is: "compare", field, by, value: number };
}

const COMPARISONS: readonly Comparison[] = ["=", ">", ">=", "<", "<="];

/** Thirty years in ms; far beyond it, thousandths would be lost. */
const MAX_NUMBER = 1e12;

/** To microseconds, which are as fine as any clock that we hear; what is finer is the noise of binary fractions. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000 + 0;
}

/** The filter as text that reads back as the same filter. */
export function printFilter(filter: Filter): string {
  switch (filter.is) {
    case "all":
      return filter.of.map(printOperand).join(" AND ");
    case "any":
      return filter.of.map(printOperand).join(" OR ");
    case "not":
      return `NOT ${printOperand(filter.of)}`;
    case "match":
      return `${filter.field}:${printText(filter.pattern)}`;
    case "compare":
      return `${filter.field}:${filter.by === "=" ? "" : filter.by}${printNumber(filter)}`;
    case "holds":
      return `${filter.field}:${printText(filter.text)}`;
    case "kwarg":
      return `kwargs:${printText(`${filter.name}=${filter.value}`)}`;
    case "words":
      return /^\w[\w.@-]*$/.test(filter.text) && !/^(AND|OR|NOT)$/.test(filter.text) ? filter.text : quote(filter.text);
  }
}

function printOperand(filter: Filter): string {
  const text = printFilter(filter);
  return filter.is === "all" || filter.is === "any" ? `(${text})` : text;
}

function printText(text: string): string {
  return /^[\w.@*=/:+%-]+$/.test(text) ? text : quote(text);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function printNumber(term: Extract<Term, { is: "compare" }>): string {
  if (term.field === "retries" || term.field === "priority") return decimal(term.value);
  const [unit, factor] = Object.entries(UNITS)
    .toReversed()
    .find(([, size]) => term.value !== 0 && term.value % size === 0) ?? ["ms", 1];
  return `${decimal(term.value / factor)}${unit}`;
}

/** Without an exponent. */
function decimal(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 9 });
}
