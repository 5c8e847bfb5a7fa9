import { formatValue } from "../wire/python/repr.ts";
/**
 * What a task was called with, and how far that may be trusted. Most trusted is the broker's own message, then arguments
 * that Celery stored with the result (`result_extended`) or that we sent ourselves, then those told in answer to `inspect`,
 * last the Python text in an event.
 */
import type { Told } from "../contract/task.ts";
import type { Source, TaskEvent } from "../model/event.ts";
import { type TaskMessage, decodeTaskMessage } from "../wire/celery/task-message.ts";
import { type Decoded, decoded, undecodable } from "../wire/decoded.ts";
import { parseLiteral } from "../wire/python/literal.ts";
import type { Value } from "../wire/python/value.ts";
import { encodeKombuJson } from "../wire/serialize/json.ts";

/** One source's account of the arguments. */
export interface Account {
  source: Source;
  at: number;
  /** The message itself, where that is the source. */
  message: TaskMessage | null;
  args: Told | null;
  kwargs: Told | null;
  /** Both as JSON texts that may be sent again, or why not. */
  json: Decoded<{ args: string; kwargs: string }>;
}

const TRUST: Record<Source, number> = { queue: 4, unacked: 4, result: 3, operator: 3, inspect: 2, event: 1, inbox: 1, leader: 0 };

/** Every account that the events of a task give of its arguments, most trusted first, of equals the newest. */
export function accountsOf(events: readonly TaskEvent[]): Account[] {
  const accounts = events.flatMap((event) => accountOf(event) ?? []);
  return accounts.toSorted((a, b) => TRUST[b.source] - TRUST[a.source] || b.at - a.at);
}

/** The best text to show of one field: what is whole before what is cut, then as trusted. */
export function bestTold(accounts: readonly Account[], field: "args" | "kwargs"): Told | null {
  const told = accounts.flatMap((account) => account[field] ?? []);
  return told.find(({ cut }) => !cut) ?? told[0] ?? null;
}

function accountOf(event: TaskEvent): Account | undefined {
  const { payload } = event;
  if (payload?.raw !== undefined && payload.cut?.["raw"] === undefined) {
    const message = decodeTaskMessage(payload.raw);
    if (message.ok) return messageAccount(message.value, event.source, event.at);
  }
  if (payload?.args === undefined && payload?.kwargs === undefined) return undefined;
  const args = toldOf(event, "args");
  const kwargs = toldOf(event, "kwargs");
  return { source: event.source, at: event.at, message: null, args, kwargs, json: jsonOf(args, kwargs) };
}

/** The account of a broker message, whose JSON is passed on character by character where it is JSON. */
export function messageAccount(message: TaskMessage, source: Source, at: number): Account {
  const { args, kwargs } = message;
  const told = (value: Value | null): Told | null =>
    value === null ? null : { text: JSON.stringify(value), form: "value", source, at, cut: false, length: null };
  const account = { source, at, message, args: told(args), kwargs: told(kwargs) };
  if (message.json !== null) return { ...account, json: decoded({ args: message.json.args, kwargs: message.json.kwargs }) };
  if (args === null || kwargs === null) return { ...account, json: undecodable(message.problems[0] ?? "the message has no body") };
  return { ...account, json: pairOf(encodeKombuJson(args), encodeKombuJson(kwargs)) };
}

/** One field of an event's payload with who told it and whether it is whole. */
export function toldOf(event: TaskEvent, field: "args" | "kwargs" | "result"): Told | null {
  const { payload } = event;
  const text = payload?.[field];
  if (text === undefined) return null;
  const form = (field === "result" ? payload?.resultForm : payload?.argsForm) ?? "repr";
  const cut = payload?.cut?.[field];
  const isCut = cut !== undefined || (form === "repr" && parseLiteral(text).kind === "cut");
  return { text, form, source: event.source, at: event.at, cut: isCut, length: cut?.length ?? null };
}

function jsonOf(args: Told | null, kwargs: Told | null): Account["json"] {
  if (args === null || kwargs === null) return undecodable("only a part of the arguments was told");
  return pairOf(jsonText(args, "arguments"), jsonText(kwargs, "keyword arguments"));
}

function pairOf(args: Decoded<string>, kwargs: Decoded<string>): Account["json"] {
  if (!args.ok) return args;
  if (!kwargs.ok) return kwargs;
  if (!args.value.startsWith("[")) return undecodable("the arguments are no list");
  if (!kwargs.value.startsWith("{")) return undecodable("the keyword arguments are no dict");
  return decoded({ args: args.value, kwargs: kwargs.value });
}

function jsonText(told: Told, what: string): Decoded<string> {
  if (told.cut) return undecodable(`the ${what} were stored cut`);
  if (told.form === "value") return encodeKombuJson(storedValue(told.text));
  const literal = parseLiteral(told.text);
  if (literal.kind !== "exact") return undecodable(`the text of the ${what} does not tell them exactly: ${literal.reason}`);
  return encodeKombuJson(literal.value);
}

/** A stored value as one line of Python-like text; one that was stored cut is no whole JSON any more and stays the text that it is. */
export function valueText(text: string, maxLength: number): string {
  try {
    return formatValue(storedValue(text), maxLength);
  } catch {
    return text.slice(0, maxLength);
  }
}

/** Safe because texts of the form `value` are written by our own collectors with `JSON.stringify`, and by nobody else. */
function storedValue(text: string): Value {
  return JSON.parse(text) as Value;
}
