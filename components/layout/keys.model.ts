/** What the keyboard can do everywhere. */
export const KEYS = [
  { keys: "/", does: "Search tasks" },
  { keys: "g o", does: "Go to the overview" },
  { keys: "g t", does: "Go to tasks" },
  { keys: "g q", does: "Go to queues" },
  { keys: "g w", does: "Go to workers" },
  { keys: "[", does: "Earlier: move the time window back by half of it" },
  { keys: "]", does: "Later" },
  { keys: ".", does: "Pause live updates, or go on" },
  { keys: "t", does: "Change between light, dark and the system's theme" },
  { keys: "j", does: "Next row of a list" },
  { keys: "k", does: "Row before" },
  { keys: "Enter", does: "Open the row" },
  { keys: "Esc", does: "Close a dialog, leave the search" },
  { keys: "?", does: "This help" },
] as const;

export type Keys = (typeof KEYS)[number]["keys"];

/** The first key of a sequence waits so long for the second. */
export const SEQUENCE_MS = 1_500;

export interface Typed {
  first: string;
  at: number;
}

/** What one more key means, and what of it waits for another. */
export function read(before: Typed | null, key: string, now: number): { means: string | null; waits: Typed | null } {
  if (before !== null && now - before.at <= SEQUENCE_MS) {
    const sequence = `${before.first} ${key}`;
    if (KEYS.some(({ keys }) => keys === sequence)) return { means: sequence, waits: null };
  }
  if (KEYS.some(({ keys }) => keys.startsWith(`${key} `))) return { means: null, waits: { first: key, at: now } };
  return { means: key, waits: null };
}
