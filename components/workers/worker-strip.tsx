import type { ReactElement } from "react";
import { workerPath } from "../../lib/client/workers.ts";
import type { WorkerRow } from "../../lib/contract/worker.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { MarkShape } from "../state/mark.tsx";
import { fillOf, slotWords, WORKER_LOOKS } from "./worker.model.ts";

/** The fleet at one glance: a cell each, filled as its slots are; who is in trouble shows its mark instead. */
export function WorkerStrip({ workers }: { workers: WorkerRow[] }): ReactElement {
  return (
    <ul aria-label="Workers" className="flex flex-wrap gap-1">
      {workers.map((worker) => (
        <li key={worker.name}>
          <Cell worker={worker} />
        </li>
      ))}
    </ul>
  );
}

function Cell({ worker }: { worker: WorkerRow }): ReactElement {
  const look = WORKER_LOOKS[worker.state];
  const fill = fillOf(worker);
  const words = `${worker.name}: ${look.word}, ${slotWords(worker)} slots. ${worker.reason}`;
  const isFine = worker.state === "online";
  return (
    <ScopedLink
      to={workerPath(worker.name)}
      title={words}
      aria-label={words}
      className="relative grid size-7 place-items-center rounded-sm border border-line hover:border-ink max-md:size-9"
    >
      {isFine && fill !== null && (
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" className="absolute inset-0.5 size-[calc(100%-0.25rem)] text-ink-3" aria-hidden>
          <rect x="0" y={1 - fill} width="1" height={fill} fill="currentColor" />
        </svg>
      )}
      {(!isFine || fill === null) && <MarkShape shape={look.shape} hue={look.hue} />}
    </ScopedLink>
  );
}
