import type { Attempt, TaskDetail, TaskRow, TimelineEntry } from "../../contract/task.ts";

/** The moment that all factories are about: 2025-11-21 14:10:00 UTC. */
export const NOW = Date.UTC(2025, 10, 21, 14, 10, 0);

/** A task that nothing is known of but its id. */
export function unknownTask(over: Partial<TaskRow> = {}): TaskRow {
  return {
    id: "74ff28fb-6f5a-4a51-9d0e-0b7a7f3a9f10",
    name: null,
    state: "PENDING",
    queue: null,
    worker: null,
    retries: 0,
    priority: null,
    sentAt: null,
    receivedAt: null,
    startedAt: null,
    endedAt: null,
    etaAt: null,
    lastAt: NOW - 12_000,
    waitMs: null,
    runMs: null,
    exceptionType: null,
    what: null,
    inferred: false,
    tag: null,
    ...over,
  };
}

export function queuedTask(over: Partial<TaskRow> = {}): TaskRow {
  return unknownTask({ name: "billing.send_invoice", queue: "billing", sentAt: NOW - 12_000, waitMs: 12_000, ...over });
}

export function runningTask(over: Partial<TaskRow> = {}): TaskRow {
  return queuedTask({
    state: "STARTED",
    worker: "celery@w3-b2",
    receivedAt: NOW - 11_800,
    startedAt: NOW - 11_600,
    waitMs: 400,
    runMs: 11_600,
    lastAt: NOW - 11_600,
    ...over,
  });
}

export function succeededTask(over: Partial<TaskRow> = {}): TaskRow {
  return runningTask({ state: "SUCCESS", endedAt: NOW - 6_600, runMs: 5_000, lastAt: NOW - 6_600, what: "{'sent': True}", ...over });
}

export function failedTask(over: Partial<TaskRow> = {}): TaskRow {
  return runningTask({
    state: "FAILURE",
    endedAt: NOW - 6_600,
    runMs: 5_000,
    lastAt: NOW - 6_600,
    retries: 2,
    tag: "exhausted",
    exceptionType: "ConnectionError",
    what: "ConnectionError: db-2 refused",
    ...over,
  });
}

export function retryingTask(over: Partial<TaskRow> = {}): TaskRow {
  return failedTask({ state: "RETRY", retries: 1, tag: null, etaAt: NOW + 20_000, endedAt: null, ...over });
}

export function lostTask(over: Partial<TaskRow> = {}): TaskRow {
  return runningTask({ state: "LOST", inferred: true, what: "its worker has been silent since 14:02", ...over });
}

function attempt(over: Partial<Attempt> = {}): Attempt {
  return {
    retries: 0,
    delivery: 0,
    state: "RETRY",
    worker: "celery@w3-b2",
    pid: 4211,
    queue: "billing",
    sentAt: NOW - 58_000,
    receivedAt: NOW - 57_800,
    startedAt: NOW - 57_600,
    endedAt: NOW - 52_600,
    etaAt: null,
    runMs: 5_000,
    exception: "db-2 refused",
    exceptionType: "ConnectionError",
    traceback: null,
    inferred: false,
    ...over,
  };
}

function entry(over: Partial<TimelineEntry> & Pick<TimelineEntry, "type" | "at" | "text">): TimelineEntry {
  return {
    address: `7d0c1f:${Math.round(over.at)}`,
    seenAt: over.at + 40,
    source: "event",
    inferred: false,
    retries: 0,
    worker: "celery@w3-b2",
    raw: JSON.stringify({ type: over.type, at: over.at, worker: "celery@w3-b2", clock: 9_007_199_254_740 }),
    ...over,
  };
}

const TRACEBACK = `Traceback (most recent call last):
  File "/usr/lib/python3.13/site-packages/celery/app/trace.py", line 477, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/usr/lib/python3.13/site-packages/celery/app/trace.py", line 760, in __protected_call__
    return self.run(*args, **kwargs)
  File "/srv/app/billing/tasks.py", line 31, in send_invoice
    deliver(invoice)
  File "/srv/app/billing/send.py", line 88, in deliver
    with connect(invoice.host) as connection:
         ~~~~~~~^^^^^^^^^^^^^^
  File "/usr/lib/python3.13/site-packages/psycopg/connection.py", line 122, in connect
    raise last_ex.with_traceback(None)
ConnectionError: db-2 refused`;

/** A task that failed three times and has no retries left, with all that there is to know of it. */
export function failedDetail(over: Partial<TaskDetail> = {}): TaskDetail {
  const row = failedTask({ sentAt: NOW - 58_000, startedAt: NOW - 11_600 });
  return {
    row,
    story: "Waited 0.4 s in billing, failed after 5.0 s on celery@w3-b2 (attempt 3 of 3): ConnectionError: db-2 refused.",
    attempts: [
      attempt({ traceback: TRACEBACK }),
      attempt({
        retries: 1,
        sentAt: NOW - 52_600,
        etaAt: NOW - 42_600,
        receivedAt: NOW - 52_400,
        startedAt: NOW - 42_500,
        endedAt: NOW - 37_500,
      }),
      attempt({
        retries: 2,
        state: "FAILURE",
        sentAt: NOW - 37_500,
        etaAt: NOW - 17_500,
        receivedAt: NOW - 37_300,
        startedAt: NOW - 11_600,
        endedAt: NOW - 6_600,
        traceback: TRACEBACK,
      }),
    ],
    timeline: [
      entry({ type: "task.sent", at: NOW - 58_000, text: "gen4211@web-1 sent it to billing", worker: null }),
      entry({ type: "task.waiting", at: NOW - 57_900, text: "Its message lay in billing", source: "queue", worker: null }),
      entry({ type: "task.received", at: NOW - 57_800, text: "celery@w3-b2 received it" }),
      entry({ type: "task.started", at: NOW - 57_600, text: "celery@w3-b2 started it in process 4211" }),
      entry({ type: "task.retried", at: NOW - 52_600, text: "It failed with ConnectionError and will run again" }),
      entry({
        type: "task.started",
        at: NOW - 42_500,
        text: "celery@w3-b2 must have started it",
        inferred: true,
        source: "leader",
        retries: 1,
      }),
      entry({ type: "task.failed", at: NOW - 6_600, text: "It failed for the third time: ConnectionError: db-2 refused", retries: 2 }),
    ],
    args: {
      text: JSON.stringify({
        $: "tuple",
        items: [
          { $: "int", text: "90071992547409931" },
          {
            $: "dict",
            items: [
              [
                "customer",
                {
                  $: "dict",
                  items: [
                    ["id", 4711],
                    ["name", "Ada \u202eecalevoL"],
                    ["since", { $: "date", text: "2019-03-01" }],
                  ],
                },
              ],
              ["lines", [1, 2.5, null]],
            ],
          },
        ],
      }),
      form: "value",
      source: "queue",
      at: NOW - 57_900,
      cut: false,
      length: null,
    },
    kwargs: {
      text: "{'dry_run': False, 'note': 'please do not rep...'}",
      form: "repr",
      source: "event",
      at: NOW - 57_800,
      cut: true,
      length: 4_120,
    },
    result: null,
    exception: { type: "ConnectionError", text: "db-2 refused" },
    traceback: TRACEBACK,
    message: {
      raw: '{"body": "W1s5MDA3MTk5MjU0NzQwOTkzMV0sIHt9LCB7fV0=", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "billing.send_invoice", "id": "74ff28fb-6f5a-4a51-9d0e-0b7a7f3a9f10"}, "properties": {"priority": 0, "delivery_tag": 90071992547409931}}',
      source: "queue billing",
      at: NOW - 57_900,
    },
    parent: { id: "5a6be4c1-0000-4000-8000-000000000001", name: "billing.render_invoice", state: "SUCCESS" },
    root: { id: "5a6be4c1-0000-4000-8000-000000000000", name: "billing.close_month", state: "STARTED" },
    children: [],
    groupId: null,
    rerunOf: null,
    rerunAs: [],
    expiresAt: null,
    abilities: {
      revoke: { possible: false, reason: "It is over" },
      terminate: { possible: false, reason: "It is over" },
      rerun: { possible: true, reason: null },
    },
    ...over,
  };
}

/** A task that runs right now and can be stopped. */
export function runningDetail(over: Partial<TaskDetail> = {}): TaskDetail {
  const row = runningTask();
  return failedDetail({
    row,
    story: "Waited 0.4 s in billing, runs on celery@w3-b2 since 14:09:48.",
    attempts: [
      attempt({
        state: "STARTED",
        sentAt: row.sentAt,
        receivedAt: row.receivedAt,
        startedAt: row.startedAt,
        endedAt: null,
        runMs: null,
        exception: null,
        exceptionType: null,
      }),
    ],
    exception: null,
    traceback: null,
    abilities: {
      revoke: { possible: false, reason: "It runs already" },
      terminate: { possible: true, reason: null },
      rerun: { possible: true, reason: null },
    },
    ...over,
  });
}
