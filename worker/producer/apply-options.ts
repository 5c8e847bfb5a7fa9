import { fromJavaScript } from "../../lib/wire/python/javascript.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { AppError } from "../../lib/errors.ts";
import { type ApplyOptions, optionMap } from "../task/task-options.ts";
import { type Signature, signatureValue } from "./signature.ts";

/** The options of one call under Celery's names. */
export function callOptions(options: ApplyOptions): Map<string, Value> {
  const { eta, expires, headers } = options;
  return optionMap([
    ["task_id", options.taskId],
    ["queue", options.queue],
    ["priority", options.priority],
    ["countdown", options.countdown],
    ["eta", eta === undefined ? undefined : sendable(eta)],
    ["expires", expires instanceof Date ? sendable(expires) : expires],
    ["time_limit", options.timeLimit],
    ["soft_time_limit", options.softTimeLimit],
    ["ignore_result", options.ignoreResult],
    ["shadow", options.shadow],
    ["headers", headers === undefined ? undefined : sendable(headers)],
    ["argsrepr", options.argsRepr],
    ["kwargsrepr", options.kwargsRepr],
    ["link", links(options.link)],
    ["link_error", links(options.linkError)],
  ]);
}

function links(link: ApplyOptions["link"]): Value | undefined {
  if (link === undefined) return undefined;
  return (isList(link) ? link : [link]).map(signatureValue);
}

function isList(link: Signature | readonly Signature[]): link is readonly Signature[] {
  return Array.isArray(link);
}

/** What Python will see of a value; throws `bad-input` for one that cannot be sent. */
export function sendable(value: unknown): Value {
  const seen = fromJavaScript(value);
  if (!seen.ok) throw new AppError("bad-input", seen.reason);
  return seen.value;
}
