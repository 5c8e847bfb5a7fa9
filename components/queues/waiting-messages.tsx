"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { MESSAGES_PER_PAGE, queueMessagesOptions } from "../../lib/client/queues.ts";
import { taskPath } from "../../lib/client/tasks.ts";
import type { QueueRow, WaitingMessage } from "../../lib/contract/queue.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { MarkShape } from "../state/mark.tsx";
import { AgeAndTime, ClockTime } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { Count } from "../ui/count.tsx";
import { type Fact, Facts } from "../ui/facts.tsx";
import { Failure } from "../ui/notice.tsx";
import { formatBytes } from "../ui/number.model.ts";
import { Section } from "../ui/section.tsx";
import { JsonText } from "../value/json-text.tsx";
import { visible } from "../value/value.model.ts";

/** What lies in the queue now, from the next one to be taken. Nothing is taken by looking. */
export function WaitingMessages({ name, broker, queue }: { name: string; broker: string | undefined; queue: QueueRow }): ReactElement {
  const [priority, setPriority] = useState<number | null>(null);
  const list = useInfiniteQuery(queueMessagesOptions(name, broker, priority));
  const pages = list.data?.pages ?? [];
  const messages = pages.flatMap((page) => page.messages);
  const readAt = pages[0]?.readAt;
  return (
    <Section
      title="Waiting messages"
      aside={
        <>
          {pages[0] && <Count value={pages[0].depth} />}
          {queue.byPriority.length > 1 && (
            <select
              aria-label="Priority"
              value={priority ?? ""}
              onChange={({ target: { value } }) => setPriority(value === "" ? null : Number(value))}
              className="h-(--row) rounded-md border border-transparent bg-paper hover:bg-paper-2"
            >
              <option value="">all priorities</option>
              {queue.byPriority.map(({ priority: step, depth }) => (
                <option key={step} value={step}>
                  priority {step} ({depth})
                </option>
              ))}
            </select>
          )}
          {readAt !== undefined && (
            <span>
              read at <ClockTime at={readAt} />
            </span>
          )}
          <Button kind="quiet" className="text-label" disabled={list.isFetching} onClick={() => void list.refetch()}>
            {list.isFetching ? "Reading …" : "Read again"}
          </Button>
        </>
      }
    >
      {list.error && messages.length === 0 ? (
        <Failure what="The messages" error={list.error} retry={() => void list.refetch()} />
      ) : messages.length === 0 && list.isSuccess ? (
        <p className="text-table text-ink-2">Nothing waits.</p>
      ) : (
        // What comes below must not jump when the messages come.
        <ol
          className="text-table"
          style={list.isPending ? { minHeight: `calc(var(--row) * ${Math.min(queue.depth, MESSAGES_PER_PAGE)})` } : undefined}
        >
          {messages.map((message) => (
            <Message key={`${message.priority}.${message.position}`} message={message} />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <Button className="mt-2" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {list.isFetchingNextPage ? "Reading …" : "More"}
        </Button>
      )}
    </Section>
  );
}

function Message({ message }: { message: WaitingMessage }): ReactElement {
  const { position, priority, id, name, args, kwargs, retries, etaAt, expiresAt, redelivered, size, problems, raw, rawCut } = message;
  const bytes = formatBytes(size);
  const bad = problems.length > 0;
  return (
    <li>
      <details className="group border-b border-line/60">
        <summary className="flex min-h-(--row) list-none flex-wrap items-center gap-x-3 hover:bg-paper-2 [&::-webkit-details-marker]:hidden">
          <span className="w-12 shrink-0 text-label text-ink-2">
            {position + 1}
            {priority > 0 && ` p${priority}`}
          </span>
          {bad && <MarkShape shape="triangle" hue="failure" />}
          <span className="said clip grow basis-40">
            {name === null ? <span className="text-ink-2">Not a task message</span> : name}
            <span className="text-ink-2 max-md:hidden">
              {" "}
              {args === null ? "" : visible(args)} {kwargs === null || kwargs === "{}" ? "" : visible(kwargs)}
            </span>
          </span>
          <span className="text-label text-ink-2">
            {(retries ?? 0) > 0 && `${retries}. retry · `}
            {redelivered && "delivered before · "}
            {bytes.digits} {bytes.unit}
          </span>
          {bad && <span className="basis-full pb-1 pl-15">{problems.join(" ")}</span>}
        </summary>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-2 pb-3 pl-15 max-md:pl-4">
          <p className="text-label text-ink-2">
            {id !== null && (
              <ScopedLink to={taskPath(id)} className="said break-all text-ink underline underline-offset-3">
                {id}
              </ScopedLink>
            )}
            {etaAt !== null && (
              <>
                {" "}
                due <AgeAndTime at={etaAt} />
              </>
            )}
            {expiresAt !== null && (
              <>
                {" "}
                expires <AgeAndTime at={expiresAt} />
              </>
            )}
            {rawCut && " The message is longer than what is shown."}
          </p>
          <Facts of={[args !== null && argumentFact("Arguments", args), kwargs !== null && argumentFact("Keyword arguments", kwargs)]} />
          <JsonText label="message" text={raw} />
        </div>
      </details>
    </li>
  );
}

function argumentFact(word: string, text: string): Fact {
  return { word, value: <span className="said break-all">{visible(text)}</span> };
}
