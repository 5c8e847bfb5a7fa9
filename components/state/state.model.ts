/** Shapes of the 14 px mark. Shape and word come first; the hue only helps. */
export type Shape =
  | "hollow"
  | "unknown"
  | "clock"
  | "half"
  | "play"
  | "check"
  | "check-again"
  | "loop"
  | "cross"
  | "cross-bar"
  | "no-entry"
  | "slash"
  | "broken"
  | "minus"
  | "dot"
  | "triangle"
  | "pause";

export type Hue = "queued" | "received" | "running" | "success" | "failure" | "retry" | "revoked" | "rejected";

/** How a state looks. `loud` is for trouble only: healthy screens stay almost without colour. */
export interface Appearance {
  shape: Shape;
  hue: Hue;
  word: string;
  /** What the word means, for the hover text. */
  meaning: string;
  loud?: boolean;
}

/** What a task's appearance goes by. Only `state` is always known. */
export interface StateFacts {
  state: string;
  retries?: number;
  sentAt?: number | null;
  tag?: string | null;
}

const LOOKS: Record<string, Appearance> = {
  SCHEDULED: { shape: "clock", hue: "received", word: "Scheduled", meaning: "Waits for its time" },
  RECEIVED: { shape: "half", hue: "received", word: "Received", meaning: "A worker has taken it and will run it" },
  STARTED: { shape: "play", hue: "running", word: "Running", meaning: "A worker executes it" },
  RETRY: { shape: "loop", hue: "retry", word: "Retrying", meaning: "It failed and will run again by itself" },
  SUCCESS: { shape: "check", hue: "success", word: "Succeeded", meaning: "Done" },
  FAILURE: { shape: "cross", hue: "failure", word: "Failed", meaning: "It will not run again by itself", loud: true },
  REVOKED: { shape: "no-entry", hue: "revoked", word: "Revoked", meaning: "Stopped on purpose" },
  REJECTED: { shape: "slash", hue: "rejected", word: "Rejected", meaning: "Its worker refused it" },
  LOST: { shape: "broken", hue: "failure", word: "Lost", meaning: "Its worker died with it; the outcome is unknown", loud: true },
  ENDED: { shape: "unknown", hue: "queued", word: "Ended", meaning: "It is nowhere any more, and nothing told the outcome" },
  IGNORED: { shape: "minus", hue: "queued", word: "Ignored", meaning: "Its result was discarded" },
};

const QUEUED: Appearance = { shape: "hollow", hue: "queued", word: "Queued", meaning: "It waits in the broker; no worker has it" };
const UNKNOWN: Appearance = {
  shape: "unknown",
  hue: "queued",
  word: "Unknown",
  meaning: "Celery says PENDING, which only means that nothing is known of it",
};
const PENDING: Appearance = { ...QUEUED, word: "Pending", meaning: "Queued, or not known at all" };

/** How a task looks. Celery's PENDING means "unknown" unless its sending was heard. */
export function appearanceOf({ state, retries, sentAt, tag }: StateFacts): Appearance {
  if (state === "PENDING") {
    if (sentAt === undefined) return PENDING;
    return sentAt === null ? UNKNOWN : QUEUED;
  }
  if (state === "SUCCESS" && (retries ?? 0) > 0) {
    return {
      shape: "check-again",
      hue: "success",
      word: "Recovered",
      meaning: `Done, after ${retries === 1 ? "one retry" : `${retries} retries`}`,
    };
  }
  if (state === "FAILURE" && tag === "exhausted") {
    return { shape: "cross-bar", hue: "failure", word: "Exhausted", meaning: "It failed, and its retries are used up", loud: true };
  }
  return (
    (Object.hasOwn(LOOKS, state) ? LOOKS[state] : undefined) ?? {
      shape: "play",
      hue: "running",
      word: state,
      meaning: "A state of the application's own",
    }
  );
}

/** States in the order in which people look for them: trouble, then what goes on, then what is over. Custom states follow. */
export const STATE_ORDER = [
  "FAILURE",
  "LOST",
  "RETRY",
  "STARTED",
  "RECEIVED",
  "SCHEDULED",
  "PENDING",
  "SUCCESS",
  "REVOKED",
  "REJECTED",
  "ENDED",
] as const;

/** The states of a count by state, in `STATE_ORDER`; zeros are left out unless `keep` names them. */
export function orderStates(byState: Record<string, number>, keep: readonly string[] = []): [string, number][] {
  const rank = new Map<string, number>(STATE_ORDER.map((state, index) => [state, index]));
  const rankOf = (state: string): number => rank.get(state) ?? STATE_ORDER.length;
  const states = new Set([...Object.keys(byState).filter((state) => (byState[state] ?? 0) > 0), ...keep]);
  return [...states].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1)).map((state) => [state, byState[state] ?? 0]);
}
