import type { ReactElement } from "react";
import type { Finding, Overview } from "../../lib/contract/overview.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Mark } from "../state/mark.tsx";
import type { Appearance } from "../state/state.model.ts";
import { verdictOf } from "./verdict.model.ts";

const LOOKS: Record<Finding["severity"], Appearance> = {
  trouble: { shape: "cross", hue: "failure", word: "Trouble", meaning: "Work fails or has stopped", loud: true },
  warning: { shape: "triangle", hue: "retry", word: "Warning", meaning: "It may become trouble" },
  note: { shape: "minus", hue: "queued", word: "Note", meaning: "Good to know" },
};

/** The verdict, then what led to it: sentences, each with the way to the place that it is about. */
export function Findings({ overview }: { overview: Overview }): ReactElement {
  return (
    <section aria-label="What needs you" className="py-4">
      <h1 className="text-figure font-medium">{verdictOf(overview)}</h1>
      {overview.findings.length > 0 && (
        <ul className="mt-2 grid gap-1.5">
          {overview.findings.map((finding, index) => (
            <li key={index} className="flex items-start gap-2">
              <span className="flex h-5 items-center">
                <Mark look={LOOKS[finding.severity]} compact />
              </span>
              {finding.href === null ? (
                <p className="max-w-4xl min-w-0">{finding.text}</p>
              ) : (
                <ScopedLink to={finding.href} className="group max-w-4xl min-w-0 hover:underline">
                  {finding.text}{" "}
                  <span className="whitespace-nowrap text-ink-2 group-hover:text-ink">
                    open <span aria-hidden>›</span>
                  </span>
                </ScopedLink>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
