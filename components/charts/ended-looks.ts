import type { Ended } from "./chart.model.ts";

/** The ways in which a run ends, by the state that they lead to. */
export const ENDED_LOOKS: Record<Ended, { state: string; fill: string }> = {
  succeeded: { state: "SUCCESS", fill: "var(--color-success)" },
  revoked: { state: "REVOKED", fill: "var(--color-revoked)" },
  rejected: { state: "REJECTED", fill: "var(--color-rejected)" },
  retried: { state: "RETRY", fill: "var(--color-retry)" },
  failed: { state: "FAILURE", fill: "var(--color-failure)" },
};
