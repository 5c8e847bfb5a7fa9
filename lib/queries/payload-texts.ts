import type { TaskEvent } from "../model/event.ts";
import { decodeTaskMessage } from "../wire/celery/task-message.ts";
import { parseLiteral } from "../wire/python/literal.ts";
import { formatValue } from "../wire/python/repr.ts";
import { type Value, get } from "../wire/python/value.ts";
import { valueText } from "./arguments.ts";

/** What a search looks at. Several sources may tell one field, each in its own words. */
export interface PayloadTexts {
  args: string[];
  kwargs: string[];
  result: string[];
  exception: string[];
  traceback: string[];
}

const LONGEST = 1_000_000;

/** The texts of all events of a task, as a person would read them. */
export function payloadTexts(events: readonly TaskEvent[]): PayloadTexts {
  const texts: PayloadTexts = { args: [], kwargs: [], result: [], exception: [], traceback: [] };
  for (const { payload } of events) {
    if (payload === undefined) continue;
    const { args, kwargs, argsForm, result, resultForm, exception, traceback, raw } = payload;
    // The message tells all of what its Python text may have cut.
    if (raw === undefined || !addMessage(texts, raw)) {
      if (args !== undefined) texts.args.push(readable(args, argsForm));
      if (kwargs !== undefined) texts.kwargs.push(readable(kwargs, argsForm));
    }
    if (result !== undefined) texts.result.push(readable(result, resultForm));
    if (exception !== undefined) texts.exception.push(exception);
    if (traceback !== undefined) texts.traceback.push(traceback);
  }
  return texts;
}

function readable(text: string, form: "repr" | "value" | undefined): string {
  return form === "value" ? valueText(text, LONGEST) : text;
}

function addMessage(texts: PayloadTexts, raw: string): boolean {
  const message = decodeTaskMessage(raw);
  if (!message.ok || message.value.args === null || message.value.kwargs === null) return false;
  texts.args.push(formatValue(message.value.args, LONGEST));
  texts.kwargs.push(formatValue(message.value.kwargs, LONGEST));
  return true;
}

/** Whether a keyword argument of this name is this value, written as in Python or in JSON, strings without quotes. */
export function hasKeyword(kwargs: readonly string[], name: string, wanted: string): boolean {
  return kwargs.some((text) => {
    if (!text.includes(name)) return false;
    const literal = parseLiteral(text);
    const value = literal.kind === "unreadable" ? undefined : get(literal.value, name);
    return value !== undefined && writings(value).includes(wanted);
  });
}

function writings(value: Value): string[] {
  if (typeof value === "string") return [value];
  const python = formatValue(value, LONGEST);
  if (value === null) return [python, "null", "None"];
  if (typeof value === "boolean") return [python, String(value), value ? "True" : "False"];
  return [python];
}
