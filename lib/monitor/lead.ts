import { AppError, errorCode, reasonOf } from "../errors.ts";
import { identitiesOf, type RecentIdentities } from "../log/identity.ts";
import type { Limits, Log } from "../log/log.ts";
import type { Event, LogEvent } from "../model/event.ts";
import type { View } from "../view/view.ts";
import { type Duty, every, sleep, together } from "./duty.ts";
import { HISTORY, type LostLogs, type Position } from "./follow.ts";
import type { Outbox } from "./outbox.ts";

/** A leader that dies is followed by another after this time and one question more: less than five seconds. */
const LEASE_MS = 3_000;
const RENEW_MS = 1_000;
const ASK_MS = 500;
/** What was heard is stored this often: small batches cost, and half a second is the way from event to screen. */
const APPEND_MS = 100;
const APPEND_EVENTS = 5_000;
const TRIM_MS = 10_000;
const REWRITE_MS = 500;
/** Facts of tasks that are written again at once, so that what is heard meanwhile does not wait for a million of them. */
const KNOWN_EVENTS = 5_000;
/** A standby keeps what it heard for so long, in case the leader dies with it. */
const OVERLAP_MS = 15_000;
/** Between two looks at whether the view has come as far as the log. */
const CATCH_UP_MS = 50;

export interface Leadership {
  leads: boolean;
  /** Why the store does not take events, or null. */
  problem: string | null;
}

export interface LeadContext {
  log: Log;
  view: View;
  position: Position;
  outbox: Outbox;
  identities: RecentIdentities;
  lost: LostLogs;
  limits: Limits;
  leadership: Leadership;
  /** What only the leader does besides storing: asking the broker, judging silence. Begins when the view shows the whole log. */
  duties: (signal: AbortSignal) => Promise<void>;
  trouble: (duty: string, reason: string) => void;
}

/** Holds the lease or waits for it. While it is held, everything heard goes to the log. */
export function lead(context: LeadContext): Duty {
  const { log, position, outbox, leadership, trouble } = context;
  return {
    name: "lead",
    async run(signal) {
      while (!signal.aborted) {
        try {
          // Who cannot read the log to its end must not stand in the way of who can.
          if (!position.caughtUp) position.sees(await log.extent());
          else if (await log.lead(LEASE_MS)) await reign(context, signal);
          else outbox.forgetBefore(Date.now() - OVERLAP_MS);
          leadership.problem = null;
        } catch (error) {
          leadership.problem = errorCode(error) === "fenced" ? null : reasonOf(error);
          trouble("lead", reasonOf(error));
        }
        await sleep(ASK_MS, signal);
      }
      if (!leadership.leads) return;
      await flush(context).catch((error: unknown) => trouble("lead", reasonOf(error)));
      await log.resign();
    },
  };
}

async function reign(context: LeadContext, signal: AbortSignal): Promise<void> {
  const { leadership } = context;
  leadership.leads = true;
  try {
    await together(signal, [
      async (until) => every(RENEW_MS, until, async () => renew(context)),
      async (until) => {
        // What the former leader appended must be known first, or it would be appended again.
        await caughtUp(context, until);
        if (until.aborted) return;
        await together(until, [
          async (end) => context.duties(end),
          async (end) => appending(context, end),
          async (end) => trimming(context, end),
          async (end) => rewriting(context, end),
        ]);
      },
    ]);
  } finally {
    if (!signal.aborted) leadership.leads = false;
  }
}

async function renew({ log, leadership }: LeadContext): Promise<void> {
  const silent = setTimeout(() => {
    leadership.problem = "the store does not answer";
  }, LEASE_MS);
  try {
    if (!(await log.lead(LEASE_MS))) throw new AppError("fenced", "Another replica leads");
  } finally {
    clearTimeout(silent);
  }
}

/** Resolves when the view shows all that the log has now. */
async function caughtUp({ log, position }: LeadContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    position.sees(await log.extent());
    if (position.caughtUp) return;
    await sleep(CATCH_UP_MS, signal);
  }
}

async function appending(context: LeadContext, signal: AbortSignal): Promise<void> {
  const { leadership } = context;
  await every(APPEND_MS, signal, async () => {
    try {
      await flush(context, signal);
      leadership.problem = null;
    } catch (error) {
      if (errorCode(error) === "fenced") throw error;
      leadership.problem = reasonOf(error);
      await sleep(1_000, signal);
    }
  });
}

/** Stores what waits, until nothing does or the signal fires. */
async function flush({ log, outbox, identities }: LeadContext, signal?: AbortSignal): Promise<void> {
  while (outbox.size > 0 && signal?.aborted !== true) {
    const loss = outbox.loss(Date.now());
    if (loss !== undefined) {
      await log.append([loss]);
      outbox.lossTold(loss.count);
    }
    const events = outbox.peek(APPEND_EVENTS);
    const fresh = unstored(events, identities);
    if (fresh.length > 0) await log.append(fresh);
    for (const identity of fresh.flatMap(identitiesOf)) identities.add(identity);
    outbox.drop(events.length);
  }
}

/** Without what the log already has, and each once. */
function unstored(events: readonly Event[], identities: RecentIdentities): Event[] {
  const seen = new Set<unknown>();
  return events.filter((event) => {
    const its = identitiesOf(event);
    if (its.some((identity) => seen.has(identity) || identities.has(identity))) return false;
    for (const identity of its) seen.add(identity);
    return true;
  });
}

/** Whole segments go when a limit is passed. What they say of tasks and workers that live on is written again first. */
async function trimming(context: LeadContext, signal: AbortSignal): Promise<void> {
  const { log, view, limits, outbox } = context;
  await every(TRIM_MS, signal, async () => {
    const before = await log.trimmable(limits, Date.now());
    const { first } = await log.extent();
    if (before <= first) return;
    for (;;) {
      const now = Date.now();
      const known = [...view.workersBefore(before, now), ...view.unfinishedBefore(before, now, KNOWN_EVENTS)];
      if (known.length === 0) break;
      outbox.push(known);
      await outbox.stored(signal);
      await caughtUp(context, signal);
      if (signal.aborted) return;
    }
    await log.trim(before);
  });
}

/** A log that is gone is written again, from what the view knew of it, into the one that took its place. */
async function rewriting(context: LeadContext, signal: AbortSignal): Promise<void> {
  const { outbox, lost } = context;
  await every(REWRITE_MS, signal, async () => {
    if (lost.isEmpty) return;
    for (let part = lost.untold; part !== undefined; part = lost.untold) {
      const events = part.peek(KNOWN_EVENTS, Date.now());
      outbox.push(events);
      await outbox.stored(signal);
      if (signal.aborted) return;
      part.told(events.length);
    }
    outbox.push([rewritten()]);
    await outbox.stored(signal);
    await caughtUp(context, signal);
  });
}

function rewritten(): LogEvent {
  const now = Date.now();
  const reason = "the history was lost with its Redis; what was known of each task was written again";
  return { type: "log.gap", at: now, seenAt: now, source: "leader", details: JSON.stringify({ where: HISTORY, reason }) };
}
