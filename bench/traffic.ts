/**
 * Events as real Celery workers publish them: `task.multi` batches of what one loop turn produced (at most 24), heartbeats on
 * their own, arguments and results of realistic size. The same seed gives the same traffic; a ledger says what it holds.
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

const BATCH = 24;

export function traffic(options: TrafficOptions, ledger: Ledger): Iterable<Published> {
  return generate(options, ledger);
}

export function emptyLedger(): Ledger {
  return { messages: 0, events: 0, bytes: 0, tasks: 0, byType: {}, byState: {} };
}

function* generate(options: TrafficOptions, ledger: Ledger): Generator<Published> {
  const random = randomOf(options.seed);
  const workers = Array.from({ length: options.workers }, (_, i) => ({ hostname: `w${i}@bench`, pid: 1_000 + i, clock: 0, buffer: [] as object[] }));
  const publish = (hostname: string, key: string, body: unknown, events: number): Published => {
    const message = envelope(hostname, key, JSON.stringify(body), random);
    ledger.messages += 1;
    ledger.events += events;
    ledger.bytes += message.length;
    return { channel: `/${options.db}.celeryev/${key}`, message, events };
  };

  for (const worker of workers) yield publish(worker.hostname, "worker.online", heartbeat(worker, "worker-online", options.startAt), 1);

  for (let i = 0; i < options.tasks; i++) {
    const worker = workers[i % workers.length]!;
    const at = options.startAt + i * options.spacingMs;
    const uuid = uuidOf(random);
    const fails = random() < 0.02;
    const runtime = 0.002 + random() * random() * 3;
    const name = `app.module_${i % options.names}.task_${i % options.names}`;
    const base = (type: string, after: number): object => {
      ledger.byType[type] = (ledger.byType[type] ?? 0) + 1;
      worker.clock += 1;
      return { hostname: worker.hostname, utcoffset: 0, pid: worker.pid, clock: worker.clock, uuid, timestamp: (at + after) / 1000, type };
    };
    worker.buffer.push(
      {
        ...base("task-received", 0),
        name,
        args: `(${i}, 'customer-${Math.floor(random() * 1e6)}')`,
        kwargs: `{'amount': ${(random() * 1e4).toFixed(2)}, 'currency': 'EUR', 'idempotency_key': '${uuidOf(random)}'}`,
        root_id: uuid,
        parent_id: null,
        retries: 0,
        eta: null,
        expires: null,
      },
      base("task-started", 2),
      fails
        ? { ...base("task-failed", 2 + runtime * 1000), exception: `ConnectionError('db-${i % 3} refused')`, traceback: TRACEBACK }
        : { ...base("task-succeeded", 2 + runtime * 1000), result: `{'ok': True, 'invoice': ${i}}`, runtime },
    );
    ledger.tasks += 1;
    const state = fails ? "FAILURE" : "SUCCESS";
    ledger.byState[state] = (ledger.byState[state] ?? 0) + 1;
    if (worker.buffer.length >= BATCH) yield publish(worker.hostname, "task.multi", worker.buffer.splice(0, BATCH), BATCH);
    if (i % 5_000 === 4_999) {
      for (const one of workers) yield publish(one.hostname, "worker.heartbeat", heartbeat(one, "worker-heartbeat", at), 1);
    }
  }
  for (const worker of workers) {
    const rest = worker.buffer.splice(0);
    if (rest.length > 0) yield publish(worker.hostname, "task.multi", rest, rest.length);
  }
}

function heartbeat(worker: { hostname: string; pid: number; clock: number }, type: string, at: number): object {
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
