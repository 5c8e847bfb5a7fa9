import type { MalformedCase } from "./case.ts";
import { EVENTS } from "./events.ts";
import { BINDINGS, KEYS, VOLUME } from "./keys.ts";
import { HELD, MESSAGES } from "./messages.ts";
import { RESULTS } from "./results.ts";

export type { MalformedCase } from "./case.ts";
export { POISON } from "./messages.ts";

/** Every sort of bad input. Those of `key` come last: they replace keys that the others write to. */
export const MALFORMED: readonly MalformedCase[] = [...MESSAGES, ...HELD, ...EVENTS, ...RESULTS, ...BINDINGS, ...VOLUME, ...KEYS];
