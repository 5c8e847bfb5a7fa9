import { errorCode, reasonOf } from "../errors.ts";
import { identityOf, type RecentIdentities } from "../log/identity.ts";
import type { Limits, Log } from "../log/log.ts";
import type { Event } from "../model/event.ts";
import type { View } from "../view/view.ts";
import { every, sleep, type Duty } from "./duty.ts";
import type { Position } from "./follow.ts";
import type { Outbox } from "./outbox.ts";

const LEASE_MS = 4_000;
const RENEW_MS = 1_300;
/** What was heard is stored this often: small batches cost, and half a second is the way from event to screen. */
const APPEND_MS = 100;
const APPEND_EVENTS = 5_000;
const TRIM_MS = 10_000;
/** A standby keeps what it heard for so long, in case the leader dies with it. */
const OVERLAP_MS = 15_000;

export interface Leadership {
  leads: boolean;
  /** Why the store does not take events, or null. */
  problem: string | null;
}

interface LeadContext {
  log: Log;
  view: View;
  position: Position;
  outbox: Outbox;
  identities: RecentIdentities;
  limits: Limits;
  leadership: Leadership;
  /** What only the leader does besides storing: asking the broker, judging silence. */
  duties: (signal: AbortSignal) => Promise<void>;
}

/** Holds the lease or waits for it. While it is held, everything heard goes to the log. */
export function lead(context: LeadContext): Duty {
  return {
    name: "lead",
    async run(signal) {
      const { log, outbox, leadership } = context;
      while (!signal.aborted) {
        if (await log.lead(LEASE_MS)) {
          await reign(context, signal);
        } else {
          outbox.forgetBefore(Date.now() - OVERLAP_MS);
          await sleep(RENEW_MS, signal);
        }
      }
      if (leadership.leads) await log.resign();
    },
  };
}

async function reign(context: LeadContext, signal: AbortSignal): Promise<void> {
  const { log, leadership } = context;
  const over = new AbortController();
  const reign = AbortSignal.any([signal, over.signal]);
  leadership.leads = true;
  const renewing = every(RENEW_MS, reign, async () => {
    if (!(await log.lead(LEASE_MS))) over.abort();
  });
  try {
    // What the former leader appended must be known first, or it would be appended again.
    const { next } = await log.extent();
    context.position.goal = next;
    if (next > 0) await raced(context.position.reached(next - 1), reign);
    if (reign.aborted) return;
    await Promise.all([renewing, appending(context, reign), trimming(context, reign), context.duties(reign)]);
  } finally {
    over.abort();
    await renewing.catch(() => undefined);
    if (!signal.aborted) leadership.leads = false;
  }
}

/** Without what the log already has, and each once. */
function unstored(events: readonly Event[], identities: RecentIdentities): Event[] {
  const seen = new Set<unknown>();
  return events.filter((event) => {
    const identity = identityOf(event);
    if (seen.has(identity) || identities.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

async function raced(wanted: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await Promise.race([wanted, promise]);
}

async function appending({ log, outbox, identities, leadership }: LeadContext, signal: AbortSignal): Promise<void> {
  await every(APPEND_MS, signal, async () => {
    try {
      while (outbox.size > 0 && !signal.aborted) {
        const loss = outbox.takeLoss(Date.now());
        if (loss !== undefined) await log.append([loss]);
        const events = outbox.peek(APPEND_EVENTS);
        const fresh = unstored(events, identities);
        if (fresh.length > 0) outbox.stored(fresh, await log.append(fresh));
        for (const event of fresh) identities.add(identityOf(event));
        outbox.drop(events.length);
      }
      leadership.problem = null;
    } catch (error) {
      if (errorCode(error) === "fenced") throw error;
      leadership.problem = reasonOf(error);
      await sleep(1_000, signal);
    }
  });
}

/** Whole segments go when a limit is passed. What they say of tasks that live on is written again first. */
async function trimming({ log, view, position, limits, outbox }: LeadContext, signal: AbortSignal): Promise<void> {
  await every(TRIM_MS, signal, async () => {
    const before = await log.trimmable(limits, Date.now());
    const { first } = await log.extent();
    if (before <= first) return;
    outbox.push(view.unfinishedBefore(before, Date.now()));
    while (outbox.size > 0 && !signal.aborted) await sleep(APPEND_MS, signal);
    if (signal.aborted) return;
    await raced(position.reached((await log.extent()).next - 1), signal);
    await log.trim(before);
  });
}
