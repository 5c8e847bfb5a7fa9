import { refuse } from "../../lib/wire/refused.ts";

/** What a field of a crontab counts, and from where to where. */
export interface FieldRange {
  name: string;
  least: number;
  most: number;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** A rule of the grammar: it holds when the part begins like this. What follows is not looked at, as in Celery. */
const RANGE_WITH_STEPS = /^(\w+?)-(\w+)\/(\w+)?/;
const RANGE = /^(\w+?)-(\w+)/;
const STAR_WITH_STEPS = /^\*\/(\w+)?/;

/**
 * The numbers that one field of a crontab means, ascending, by the grammar of Celery (`crontab_parser`, 5.7): numbers, names of
 * months and days (three letters are enough, and any field takes both), ranges that may run over the end (`fri-mon`, `22-3`), `*`,
 * steps on ranges and on `*`, and lists of all that. 7 is no Sunday. Refuses (see `orRefused`) what Celery refuses.
 */
export function readCrontabField(text: string, range: FieldRange): number[] {
  const numbers = new Set(text.split(",").flatMap((part) => readPart(part, range)));
  return Array.from(numbers).sort((a, b) => a - b);
}

function readPart(part: string, range: FieldRange): number[] {
  if (part === "") refuse(`${range.name}: a part is empty`);
  const [ranged, from = "", to = "", steps] = RANGE_WITH_STEPS.exec(part) ?? RANGE.exec(part) ?? [];
  if (ranged !== undefined) {
    const numbers = between(readNumber(from, range), readNumber(to, range), range);
    return RANGE_WITH_STEPS.test(part) ? everyNth(numbers, steps, range) : numbers;
  }
  const star = STAR_WITH_STEPS.exec(part);
  if (star !== null) return everyNth(between(range.least, range.most, range), star[1], range);
  return part === "*" ? between(range.least, range.most, range) : [readNumber(part, range)];
}

function between(from: number, to: number, { least, most }: FieldRange): number[] {
  return from <= to ? count(from, to) : [...count(from, most), ...count(least, to)];
}

function count(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

function everyNth(numbers: number[], text: string | undefined, { name }: FieldRange): number[] {
  const step = readInt(text ?? "");
  if (step === null || step === 0) refuse(`${name}: ${JSON.stringify(text ?? "")} is no step`);
  return numbers.filter((_, index) => index % step === 0);
}

function readNumber(text: string, { name, least, most }: FieldRange): number {
  const number = readInt(text) ?? numberOfName(text);
  if (number === null) refuse(`${name}: ${JSON.stringify(text)} is neither a number nor the name of a month or day`);
  if (number < least || number > most) refuse(`${name}: ${number} is not from ${least} to ${most}`);
  return number;
}

/** As Python's `int` reads it. */
function readInt(text: string): number | null {
  return /^\s*\+?\d+(?:_\d+)*\s*$/.test(text) ? Number(text.replaceAll("_", "")) : null;
}

function numberOfName(text: string): number | null {
  const name = text.slice(0, 3).toLowerCase();
  const month = MONTHS.indexOf(name);
  if (month >= 0) return month + 1;
  const day = DAYS.indexOf(name);
  return day >= 0 ? day : null;
}
