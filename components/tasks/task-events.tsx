import type { ReactElement } from "react";
import type { TimelineEntry } from "../../lib/contract/task.ts";
import { ClockTime, Duration } from "../time/time.tsx";
import { Section } from "../ui/section.tsx";
import { JsonText } from "../value/json-text.tsx";

/** What was heard of the task, from whom, and what was only concluded; each with all it says. */
export function TaskEvents({ entries }: { entries: TimelineEntry[] }): ReactElement {
  return (
    <Section title={`Events (${entries.length})`}>
      <ol className="text-table">
        {entries.map((entry, index) => (
          <li key={entry.address}>
            <details className="group border-b border-line/60">
              <summary className="grid min-h-(--row) list-none grid-cols-[auto_4.5rem_minmax(0,1fr)_auto] items-center gap-x-3 hover:bg-paper-2 max-md:grid-cols-[auto_minmax(0,1fr)] [&::-webkit-details-marker]:hidden">
                <span>
                  <span aria-hidden className="inline-block w-4 text-ink-2 group-open:hidden">
                    ▸
                  </span>
                  <span aria-hidden className="hidden w-4 text-ink-2 group-open:inline-block">
                    ▾
                  </span>
                  <ClockTime at={entry.at} detail="millisecond" />
                </span>
                <span className="text-right text-label text-ink-2 max-md:hidden">
                  {index > 0 && <Since ms={entry.at - (entries[index - 1]?.at ?? entry.at)} />}
                </span>
                <span className={`min-w-0 max-md:col-span-2 max-md:pl-4 ${entry.inferred ? "text-ink-2" : ""}`}>
                  <bdi>{entry.text}</bdi>
                  {entry.inferred && <span className="text-label"> · concluded, not told</span>}
                </span>
                <span className="text-label text-ink-2 max-md:hidden">
                  {entry.source === "event" ? entry.type : `${entry.type} · ${entry.source}`}
                </span>
              </summary>
              <div className="grid grid-cols-[minmax(0,1fr)] gap-1 pb-3 pl-4">
                <p className="text-label text-ink-2">
                  {entry.type} from {entry.source}, heard <ClockTime at={entry.seenAt} detail="millisecond" />, {entry.address}
                </p>
                <JsonText label="event" text={entry.raw} />
              </div>
            </details>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Since({ ms }: { ms: number }): ReactElement {
  return (
    <span>
      {ms < 0 ? "" : "+"}
      <Duration ms={ms} />
    </span>
  );
}
