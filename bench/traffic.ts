/**
 * Events as real Celery workers publish them: `task.multi` batches of what one turn of a worker's loop produced (at most 24),
 * heartbeats on their own, arguments and results of realistic size, a task's end as long after its beginning as it ran. The
 * same seed gives the same traffic; a ledger says what it holds.
 */
export interface Ledger {
  messages: number;
  events: number;
  bytes: number;
  tasks: number;
  byType: Record<string, number>;
  byState: Record<string, number>;
}

export interface Published {
  channel: string;
  message: string;
  events: number;
  /** When the worker publishes it, epoch ms: not before anything that it tells. */
  at: number;
}

export interface TrafficOptions {
  tasks: number;
  workers: number;
  names: number;
  db: number;
  /** Epoch ms of the first event. */
  startAt: number;
  /** Time between the starts of two tasks, ms. */
  spacingMs: number;
  seed: number;
}

interface Worker {
  hostname: string;
  pid: number;
  clock: number;
  buffer: object[];
}

interface End {
  worker: Worker;
  uuid: string;
  at: number;
  runtime: number;
  task: number;
  fails: boolean;
}

const BATCH = 24;
/** One turn of a worker's loop. */
const TURN_MS = 10;
const STARTED_AFTER_MS = 2;
const BEAT_MS = 2_000;

export function emptyLedger(): Ledger {
  return { messages: 0, events: 0, bytes: 0, tasks: 0, byType: {}, byState: {} };
}

export function* traffic(options: TrafficOptions, ledger: Ledger): Generator<Published> {
  const random = randomOf(options.seed);
  const workers = Array.from({ length: options.workers }, (_, i): Worker => ({
    hostname: `w${i}@bench`,
    pid: 1_000 + i,
    clock: 0,
    buffer: [],
  }));
  const publish = (hostname: string, key: string, body: unknown, events: number, at: number): Published => {
    const message = envelope(hostname, key, JSON.stringify(body), random);
    ledger.messages += 1;
    ledger.events += events;
    ledger.bytes += message.length;
    return { channel: `/${options.db}.celeryev/${key}`, message, events, at };
  };
  const event = (worker: Worker, uuid: string, type: string, at: number): object => {
    ledger.byType[type] = (ledger.byType[type] ?? 0) + 1;
    worker.clock += 1;
    return { hostname: worker.hostname, utcoffset: 0, pid: worker.pid, clock: worker.clock, uuid, timestamp: at / 1000, type };
  };
  const begin = (task: number, at: number): End => {
    const worker = workers[task % workers.length]!;
    const uuid = uuidOf(random);
    const fails = random() < 0.02;
    const runtime = 0.002 + random() * random() * 3;
    // Every worker runs every kind.
    const kind = Math.floor(task / workers.length) % options.names;
    worker.buffer.push(
      {
        ...event(worker, uuid, "task-received", at),
        name: `app.module_${kind}.task_${kind}`,
        args: `(${task}, 'customer-${Math.floor(random() * 1e6)}')`,
        kwargs: `{'amount': ${(random() * 1e4).toFixed(2)}, 'currency': 'EUR', 'idempotency_key': '${uuidOf(random)}'}`,
        root_id: uuid,
        parent_id: null,
        retries: 0,
        eta: null,
        expires: null,
      },
      event(worker, uuid, "task-started", at + STARTED_AFTER_MS),
    );
    return { worker, uuid, at: at + STARTED_AFTER_MS + runtime * 1000, runtime, task, fails };
  };
  const finish = ({ worker, uuid, at, runtime, task, fails }: End): void => {
    worker.buffer.push(
      fails
        ? { ...event(worker, uuid, "task-failed", at), exception: `ConnectionError('db-${task % 3} refused')`, traceback: TRACEBACK }
        : { ...event(worker, uuid, "task-succeeded", at), result: `{'ok': True, 'invoice': ${task}}`, runtime },
    );
    ledger.tasks += 1;
    const state = fails ? "FAILURE" : "SUCCESS";
    ledger.byState[state] = (ledger.byState[state] ?? 0) + 1;
  };

  for (const worker of workers)
    yield publish(worker.hostname, "worker.online", beat(worker, "worker-online", options.startAt), 1, options.startAt);

  const ends = new Map<number, End[]>();
  let begun = 0;
  for (let turn = 0; begun < options.tasks || ends.size > 0; turn++) {
    const from = options.startAt + turn * TURN_MS;
    const until = from + TURN_MS;
    for (const end of ends.get(turn) ?? []) finish(end);
    ends.delete(turn);
    for (; begun < options.tasks && options.startAt + begun * options.spacingMs < until; begun++) {
      const end = begin(begun, options.startAt + begun * options.spacingMs);
      // What ends within the turn in which it began is told with the next.
      const place = Math.max(turn + 1, Math.floor((end.at - options.startAt) / TURN_MS));
      ends.set(place, [...(ends.get(place) ?? []), end]);
    }
    for (const worker of workers) {
      while (worker.buffer.length > 0) {
        const batch = worker.buffer.splice(0, BATCH);
        yield publish(worker.hostname, "task.multi", batch, batch.length, until + STARTED_AFTER_MS);
      }
    }
    if ((turn + 1) % (BEAT_MS / TURN_MS) === 0) {
      for (const worker of workers) yield publish(worker.hostname, "worker.heartbeat", beat(worker, "worker-heartbeat", until), 1, until);
    }
  }
}

/** The message of one event of a worker, as it publishes it by itself. */
export function beatMessage(hostname: string, at: number, clock: number): string {
  return envelope(hostname, "worker.heartbeat", JSON.stringify(beat({ hostname, pid: 1, clock }, "worker-heartbeat", at)), Math.random);
}

/** A task of its own, to be looked for while other traffic comes: the message that it was received. */
export function markMessage(uuid: string, at: number): string {
  const event = {
    hostname: "w0@bench",
    utcoffset: 0,
    pid: 1,
    clock: 1,
    uuid,
    timestamp: at / 1000,
    type: "task-received",
    name: "bench.mark",
    args: "()",
    kwargs: "{}",
    root_id: uuid,
    parent_id: null,
    retries: 0,
    eta: null,
    expires: null,
  };
  return envelope(event.hostname, "task.multi", JSON.stringify([event]), Math.random);
}

function beat(worker: Pick<Worker, "hostname" | "pid" | "clock">, type: string, at: number): object {
  worker.clock += 1;
  return {
    hostname: worker.hostname,
    utcoffset: 0,
    pid: worker.pid,
    clock: worker.clock,
    freq: 2.0,
    active: 3,
    processed: 1,
    loadavg: [0.5, 0.4, 0.3],
    sw_ident: "py-celery",
    sw_ver: "5.7.0",
    sw_sys: "Linux",
    timestamp: at / 1000,
    type,
  };
}

function envelope(hostname: string, key: string, body: string, random: () => number): string {
  return JSON.stringify({
    body: Buffer.from(body).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { hostname },
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange: "celeryev", routing_key: key },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: uuidOf(random),
    },
  });
}

const TRACEBACK = `Traceback (most recent call last):
  File "/app/lib/celery/app/trace.py", line 564, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/app/billing/send.py", line 88, in send
    db.connect()
ConnectionError: db refused
`;

function uuidOf(random: () => number): string {
  const hex = (length: number): string => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

/** mulberry32: small, fast and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
