import type { ReactElement, ReactNode } from "react";
import type { Overview } from "../../lib/contract/overview.ts";
import type { Patch } from "../../lib/client/scope.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Duration } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { formatShare } from "../ui/number.model.ts";

/** The numbers that matter. Each that counts tasks leads to the list of exactly these. */
export function Totals({ overview }: { overview: Overview }): ReactElement {
  const { ended, waiting, running, slots, waitP95Ms, runP95Ms, unacked } = overview;
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-2 border-t py-3">
      <Total word="Succeeded" to="/tasks" with={{ state: "SUCCESS", time: "ended" }}>
        <Count value={ended.succeeded} />
      </Total>
      <Total
        word="Failed"
        to="/tasks"
        with={{ state: "FAILURE", time: "ended" }}
        note={formatShare(ended.failed, ended.failed + ended.succeeded)}
      >
        <Count value={ended.failed} />
      </Total>
      <Total word="Retries" hint="Runs that failed and ran again, in the time window">
        <Count value={ended.retried} />
      </Total>
      <Total word="Wait p95" hint="From being sent or due until the run began; 95 of 100 waited no longer">
        {waitP95Ms === null ? "–" : <Duration ms={waitP95Ms} />}
      </Total>
      <Total word="Run p95" hint="95 of 100 runs took no longer">
        {runP95Ms === null ? "–" : <Duration ms={runP95Ms} />}
      </Total>
      <Total word="Waiting" to="/queues" hint="Messages in all queues, now">
        <Count value={waiting} />
      </Total>
      {unacked && (
        <Total word="Taken" hint="Messages that workers hold and have not acknowledged, now">
          <Count value={unacked.count} />
        </Total>
      )}
      <Total word="Running" to="/workers" hint="Of all slots of workers that answer, now" note={slots === null ? "" : `of ${slots}`}>
        <Count value={running} />
      </Total>
    </dl>
  );
}

function Total({
  word,
  to,
  with: patch,
  hint,
  note,
  children,
}: {
  word: string;
  to?: string;
  with?: Patch;
  hint?: string;
  note?: string;
  children: ReactNode;
}): ReactElement {
  const value = (
    <>
      {children}
      {note && <span className="text-table font-normal text-ink-2"> {note}</span>}
    </>
  );
  return (
    <div title={hint}>
      <dt className="text-label text-ink-2">{word}</dt>
      <dd className="text-figure whitespace-nowrap">
        {to === undefined ? (
          value
        ) : (
          <ScopedLink to={to} {...(patch && { with: patch })} className="hover:underline">
            {value}
          </ScopedLink>
        )}
      </dd>
    </div>
  );
}
