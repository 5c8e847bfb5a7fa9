"use client";

import type { ReactElement } from "react";
import { Dialog } from "../ui/dialog.tsx";
import { KEYS } from "./keys.model.ts";

const SEARCHES = [
  ["send_invoice db-2", "both words, anywhere: name, id, worker, arguments, result"],
  ["state:FAILURE name:billing.*", "a state and a name; * stands for any text"],
  ["queue:billing -worker:w3*", "a queue, but not these workers"],
  ["exception:ConnectionError OR retries:>2", "one or the other"],
  ["runtime:>5s wait:>1m", "slow runs that also waited"],
  ["kwargs:invoice=9120114", "a keyword argument"],
  ['result:"out of stock"', "part of a result"],
] as const;

/** What keys do and what can be searched for. */
export function HelpDialog({ onClose }: { onClose: () => void }): ReactElement {
  return (
    <Dialog title="Keys and search" onClose={onClose}>
      <div className="grid gap-4">
        <dl className="grid grid-cols-[5rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-table">
          {KEYS.map(({ keys, does }) => (
            <div key={keys} className="col-span-2 grid grid-cols-subgrid">
              <dt>
                {keys.split(" ").map((key) => (
                  <kbd key={key} className="mr-1 rounded-sm border border-ink-3 px-1.5 font-mono text-label">
                    {key}
                  </kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <dl className="grid gap-y-1.5 border-t pt-3 text-table">
          {SEARCHES.map(([text, means]) => (
            <div key={text}>
              <dt className="font-mono">{text}</dt>
              <dd className="text-ink-2">{means}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
