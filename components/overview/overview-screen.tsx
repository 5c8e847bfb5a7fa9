"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { overviewOptions } from "../../lib/client/overview.ts";
import { seriesOptions } from "../../lib/client/series.ts";
import { useScope } from "../../lib/client/use-address.ts";
import type { Overview } from "../../lib/contract/overview.ts";
import { ENDED_LOOKS } from "../charts/ended-looks.ts";
import { SeriesFigure } from "../charts/series-figure.tsx";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { QueueTable } from "../queues/queue-table.tsx";
import { StateMark } from "../state/state-mark.tsx";
import { orderStates } from "../state/state.model.ts";
import { Count } from "../ui/count.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { WorkerStrip } from "../workers/worker-strip.tsx";
import { FailureTable } from "./failure-table.tsx";
import { Findings } from "./findings.tsx";
import { Incidents } from "./incidents.tsx";
import { NoEvents } from "./no-events.tsx";
import { RedisFacts } from "./redis-facts.tsx";
import { Totals } from "./totals.tsx";
import { hearsTasks } from "./verdict.model.ts";

/** The first page: what needs a person, then the numbers, then everything at one glance. */
export function OverviewScreen(): ReactElement {
  const scope = useScope();
  const { data, error, refetch } = useQuery({ ...overviewOptions(scope), placeholderData: keepPreviousData });
  if (data) return <OverviewBody overview={data} />;
  if (error) return <Failure what="The overview" error={error} retry={() => void refetch()} />;
  return <Notice title="Reading …" role="status" />;
}

function OverviewBody({ overview }: { overview: Overview }): ReactElement {
  const series = useQuery({ ...seriesOptions(useScope()), placeholderData: keepPreviousData });
  return (
    <>
      <Findings overview={overview} />
      {!hearsTasks(overview) && <NoEvents />}
      <Totals overview={overview} />
      <div className="grid gap-x-6 border-t py-3 lg:grid-cols-2 xl:grid-cols-[2fr_1fr_1fr]">
        <div className="lg:max-xl:col-span-2">
          <SeriesFigure
            title="Runs ended"
            of="ended"
            series={series}
            aside={(["failed", "retried", "succeeded"] as const).map((key) => (
              <span key={key} className="inline-flex items-center gap-1">
                <StateMark state={ENDED_LOOKS[key].state} />
              </span>
            ))}
          />
        </div>
        <SeriesFigure title="Wait" of="wait" series={series} />
        <SeriesFigure title="Run" of="run" series={series} />
      </div>
      <Section title="Queues" aside={<More to="/queues">All queues</More>}>
        {overview.queues.length === 0 ? (
          <p className="text-table text-ink-2">No queue has been seen.</p>
        ) : (
          <QueueTable queues={overview.queues} />
        )}
      </Section>
      <Section title="Workers" aside={<More to="/workers">All workers</More>}>
        {overview.workers.length === 0 ? (
          <p className="text-table text-ink-2">No worker has been heard.</p>
        ) : (
          <WorkerStrip workers={overview.workers} />
        )}
      </Section>
      <Section title="Failures" aside="in the time window, by task and exception">
        {overview.failures.length === 0 ? (
          <p className="text-table text-ink-2">Nothing failed.</p>
        ) : (
          <FailureTable failures={overview.failures} />
        )}
      </Section>
      <Section title="All tasks that are kept">
        <ul className="flex flex-wrap gap-x-6 gap-y-1 text-table">
          {orderStates(overview.byState).map(([state, count]) => (
            <li key={state} className="max-w-full">
              <ScopedLink
                to="/tasks"
                with={{ state, window: null, from: 0, to: null }}
                className="inline-flex h-(--row) max-w-full items-center gap-1.5 hover:underline"
              >
                <StateMark state={state} /> <Count value={count} />
              </ScopedLink>
            </li>
          ))}
        </ul>
      </Section>
      <RedisFacts overview={overview} />
      <Incidents overview={overview} />
    </>
  );
}

function More({ to, children }: { to: string; children: string }): ReactElement {
  return (
    <ScopedLink to={to} className="hover:text-ink hover:underline">
      {children} ›
    </ScopedLink>
  );
}
