"use client";

import type { ReactElement } from "react";
import { changeAddress } from "../../lib/client/use-address.ts";
import { StateMark } from "../state/state-mark.tsx";
import { orderStates } from "../state/state.model.ts";
import { Count } from "../ui/count.tsx";

/** Each state with its count; a click keeps only the chosen ones. */
export function StateChips({ byState, chosen }: { byState: Record<string, number>; chosen: readonly string[] }): ReactElement {
  return (
    <div role="group" aria-label="States" className="flex min-h-(--row) flex-wrap gap-1">
      {orderStates(byState, chosen).map(([state, count]) => {
        const pressed = chosen.includes(state);
        return (
          <button
            key={state}
            type="button"
            aria-pressed={pressed}
            onClick={() => changeAddress({ state: pressed ? chosen.filter((each) => each !== state) : [...chosen, state] })}
            className="inline-flex h-(--row) max-w-full items-center gap-2 rounded-md border border-line px-2 text-table hover:bg-paper-2 aria-pressed:border-ink aria-pressed:bg-paper-2"
          >
            <StateMark state={state} />
            <span className="text-ink-2">
              <Count value={count} />
            </span>
          </button>
        );
      })}
    </div>
  );
}
