import type { ReactElement, ReactNode } from "react";

export interface Fact {
  word: string;
  value: ReactNode;
  hint?: string | undefined;
}

/** Small facts in a row, each word before its value. What is not there is left out. */
export function Facts({ of }: { of: (Fact | false)[] }): ReactElement {
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 text-table">
      {of
        .filter((fact) => fact !== false)
        .map(({ word, value, hint }) => (
          <div key={word} className="flex min-w-0 gap-1.5" title={hint}>
            <dt className="shrink-0 text-ink-2">{word}</dt>
            <dd className="min-w-0">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
