import type { ReactElement } from "react";
import { Mark } from "./mark.tsx";
import { appearanceOf, type StateFacts } from "./state.model.ts";

/** A task's state: one look everywhere, in tables, chips, timelines and legends. */
export function StateMark({
  compact = false,
  inferred = false,
  ...facts
}: StateFacts & { compact?: boolean; inferred?: boolean }): ReactElement {
  return <Mark look={appearanceOf(facts)} tag={facts.tag ?? null} inferred={inferred} compact={compact} />;
}
