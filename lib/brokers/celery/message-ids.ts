import { decodeTaskMessage } from "../../wire/celery/task-message.ts";

/** The headers' `id` and the property `correlation_id`, which producers set to the same; of protocol 1 only the latter is outside the body. */
const ID = /"(?:id|correlation_id)"\s*:\s*"((?:[^"\\]|\\.)*)"/g;

/** Ids that a message may have, found without decoding it as a rule: for looking for some among thousands. */
export function idsIn(raw: string): string[] {
  const ids: string[] = [];
  for (const [, id = ""] of raw.matchAll(ID)) ids.push(id.includes("\\") ? unescaped(id) : id);
  if (ids.length > 0) return ids;
  const message = decodeTaskMessage(raw);
  return message.ok && message.value.id !== null ? [message.value.id] : [];
}

/** Whether a message may be one of this task; only decoding it tells for sure. */
export function mayBeOf(raw: string, task: string): boolean {
  return raw.includes(task) || idsIn(raw).includes(task);
}

function unescaped(text: string): string {
  try {
    // The pattern matched a JSON string, so this gives a string.
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
