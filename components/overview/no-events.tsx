import type { ReactElement } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { Section } from "../ui/section.tsx";

const SETTINGS = `app.conf.worker_send_task_events = True
app.conf.task_send_sent_event = True`;

/** Teaches the two settings without which Celery says nothing about tasks. */
export function NoEvents(): ReactElement {
  return (
    <Section title="No event about a task has been heard">
      <div className="grid max-w-2xl grid-cols-[minmax(0,1fr)] gap-3">
        <p>
          Celery sends events only when it is told to. Set both in the application; workers and producers pick them up when they start
          again:
        </p>
        <div className="flex items-start gap-3 border-l-2 border-ink pl-3">
          <pre className="min-w-0 grow overflow-x-auto font-mono text-table">{SETTINGS}</pre>
          <CopyButton text={SETTINGS} label="settings" />
        </div>
        <p className="text-ink-2">
          For a worker that runs now, <code className="font-mono text-ink">celery -A your_app control enable_events</code> does the first
          until it restarts. The second is about producers: without it nobody knows of a task before a worker has it. This page fills by
          itself when the first event arrives; queues and workers are watched without.
        </p>
      </div>
    </Section>
  );
}
