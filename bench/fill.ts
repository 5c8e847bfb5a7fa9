import { openLog } from "../lib/log/open.ts";
import { slices } from "./heard.ts";
import { emptyLedger, type Ledger } from "./traffic.ts";

const HOUR_MS = 3_600_000;
/** About what the leader appends at once in a busy system. */
const APPENDED = 1_000;
const LEASE_MS = 60_000;
const RENEW_MS = 20_000;

/** Writes the log of `main` as the leader would: finished tasks, three events each, spread over the hour before now. */
export async function fillLog(store: string, tasks: number): Promise<Ledger> {
  const log = await openLog({ broker: "main", store: { kind: "redis", url: store } });
  const ledger = emptyLedger();
  let renewedAt = -Infinity;
  try {
    const options = { tasks, workers: 20, names: 100, db: 0, startAt: Date.now() - HOUR_MS, spacingMs: HOUR_MS / tasks, seed: 1 };
    for (const events of slices(options, ledger, APPENDED)) {
      if (performance.now() - renewedAt > RENEW_MS) {
        if (!(await log.lead(LEASE_MS))) throw new Error("Somebody else leads");
        renewedAt = performance.now();
      }
      await log.append(events);
    }
    await log.resign();
  } finally {
    await log.close();
  }
  return ledger;
}
