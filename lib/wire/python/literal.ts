import type { Value } from "./value.ts";

/**
 * What the text of a repr tells about the value behind it.
 *
 * - `exact`: exactly one value has this text; it may be sent again.
 * - `inexact`: the text is whole, but the value is for showing only: it holds an object, or a string that can be read
 *   in more than one way.
 * - `cut`: the sender shortened the text; `value` holds `cut` tags where something is missing.
 * - `unreadable`: no Python repr; show the text itself.
 */
export type Literal =
  | { kind: "exact"; value: Value }
  | { kind: "inexact"; value: Value; reason: string }
  | { kind: "cut"; value: Value; reason: string }
  | { kind: "unreadable"; reason: string };

/** Reads `argsrepr`, `kwargsrepr` and the result of `task-succeeded`, as `celery.utils.saferepr` writes them. */
export function parseLiteral(text: string): Literal {
  return { kind: "unreadable", reason: `not read yet: ${text.length} characters` };
}
