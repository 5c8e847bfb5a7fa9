import type { RerunDraft, RerunRequest } from "../../lib/contract/task.ts";

export type Checked = { ok: true } | { ok: false; reason: string };

/** Whether a text is JSON of a list (`args`) or an object (`kwargs`). The server checks it again, with every digit. */
export function checkJson(text: string, want: "list" | "object"): Checked {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : "This is not JSON." };
  }
  const isList = Array.isArray(value);
  const fits = want === "list" ? isList : typeof value === "object" && value !== null && !isList;
  return fits
    ? { ok: true }
    : { ok: false, reason: want === "list" ? "Arguments are a list: [ … ]." : "Keyword arguments are an object: { … }." };
}

export interface RerunForm {
  args: string;
  kwargs: string;
  queue: string;
}

/** The order: only what was changed, so that the rest is sent exactly as the draft has it. */
export function requestOf(draft: RerunDraft, form: RerunForm): RerunRequest {
  const queue = form.queue.trim();
  return {
    ...(form.args !== draft.args && { args: form.args }),
    ...(form.kwargs !== draft.kwargs && { kwargs: form.kwargs }),
    ...(queue !== "" && queue !== draft.queue && { queue }),
    confirm: true,
  };
}
