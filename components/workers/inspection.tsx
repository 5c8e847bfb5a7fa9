"use client";

import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { inspectionOptions } from "../../lib/client/workers.ts";
import { formatDuration } from "../time/time.model.ts";
import { ClockTime } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/section.tsx";
import { JsonText } from "../value/json-text.tsx";

const PARTS = [
  ["active", "Running"],
  ["reserved", "Reserved"],
  ["scheduled", "Scheduled"],
  ["queues", "Queues"],
  ["stats", "Statistics"],
  ["registered", "Registered tasks"],
  ["conf", "Configuration"],
  ["revoked", "Revoked ids"],
] as const;

/** What the worker itself says. It is asked only on demand. */
export function Inspection({ name, broker }: { name: string; broker: string | undefined }): ReactElement {
  const [asked, setAsked] = useState(false);
  const { data, error, isFetching, refetch } = useQuery({ ...inspectionOptions(name, broker), enabled: asked });
  return (
    <Section
      title="What it says itself"
      aside={
        <>
          {data && (
            <span>
              asked at <ClockTime at={data.askedAt} />, {formatDuration(data.tookMs)}
            </span>
          )}
          <Button kind={asked ? "quiet" : "plain"} disabled={isFetching} onClick={() => (asked ? void refetch() : setAsked(true))}>
            {isFetching ? "Asking …" : asked ? "Ask again" : "Ask it now"}
          </Button>
        </>
      }
    >
      <div aria-live="polite">
        {error ? (
          <p className="text-table">{error.message}</p>
        ) : data && !data.answered ? (
          <p className="text-table">
            No answer within {formatDuration(data.tookMs)}. It may be busy, stopped, or started without remote control.
          </p>
        ) : null}
      </div>
      {data?.answered && (
        <ul className="text-table">
          {PARTS.map(([part, word]) => (
            <Part key={part} word={word} text={data[part]} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Part({ word, text }: { word: string; text: string | null }): ReactElement {
  if (text === null) {
    return <li className="flex h-(--row) items-center border-b border-line/60 pl-4 text-ink-2">{word}: no answer in time</li>;
  }
  return (
    <li>
      <details className="border-b border-line/60">
        <summary className="h-(--row) leading-(--row) hover:bg-paper-2">{word}</summary>
        <div className="pb-3 pl-4">
          <JsonText label={word} text={text} />
        </div>
      </details>
    </li>
  );
}
