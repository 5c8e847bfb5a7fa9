import type { Ordinal, Sample } from "../log/log.ts";
import {
  isTaskEvent,
  isWorkerEvent,
  type Event,
  type LogData,
  type LogEvent,
  type TaskEvent,
  type TaskEventType,
  type WorkerEvent,
} from "../model/event.ts";
import { fold } from "../model/fold.ts";
import { knownOf } from "../model/known.ts";
import { FINAL_STATES, type Task } from "../model/task.ts";
import { Changes, type Change } from "./changes.ts";
import { ForgottenIds } from "./forgotten-ids.ts";
import { Kind, Marks } from "./marks.ts";
import { forEachMatch } from "./query.ts";
import { Queues } from "./queues.ts";
import { Recent } from "./recent.ts";
import { Remembered } from "./remembered.ts";
import { Series } from "./series.ts";
import { TaskTable } from "./task-table.ts";
import { Timeline } from "./timeline.ts";
import { Workers } from "./workers.ts";

const RECENT_GAPS = 200;
/** Each kind is told anew every ten seconds in which there was more of it. */
const RECENT_MALFORMED = 1_000;
const RECENT_ACTS = 500;
/** A task that reports progress ten times a second for a day has a million events; nobody reads them all. */
const LONGEST_TIMELINE = 1_000;
const MOST_CHILDREN = 1_000;

/** Something that the log itself tells of: a gap, or something that could not be read. */
export interface Incident extends LogData {
  ordinal: Ordinal;
  at: number;
  fromAt: number | null;
  /** How many events or messages it stands for; null when that is not known. */
  count: number | null;
}

/** What an operator did. */
export interface Act {
  ordinal: Ordinal;
  event: TaskEvent;
}

export interface ViewExtent {
  /** Tasks that are shown. */
  tasks: number;
  /** Events from `first` on, `next` excluded. */
  events: number;
  first: Ordinal;
  /** The next ordinal that is expected; 0 when nothing was applied yet. */
  next: Ordinal;
  /** `seenAt` of the newest event. */
  seenAt: number | null;
  /** Events of tasks that were trimmed before. */
  dropped: number;
  /** Changes that came too late for any bucket of the series. */
  late: number;
  /** Words that were replaced by `OTHER` because there were too many different ones. */
  wordsOmitted: number;
}

/** Types that only a task which begins anew can have after its last event was trimmed. */
const BEGINNINGS: ReadonlySet<TaskEventType> = new Set<TaskEventType>([
  "task.sent",
  "task.waiting",
  "task.received",
  "task.held",
  "task.started",
  "task.running",
]);

/** What the fold of one broker's log has built. Every replica that has applied the same events shows the same. */
export class View {
  readonly #changes = new Changes();
  readonly #marksBefore = new Marks();
  readonly #marksNow = new Marks();
  #state = newState();

  get table(): TaskTable {
    return this.#state.table;
  }
  get series(): Series {
    return this.#state.series;
  }
  get workers(): Workers {
    return this.#state.workers;
  }
  get queues(): Queues {
    return this.#state.queues;
  }
  /** Spans in which events were lost; `total` is how many events, counting 1 where that is not known. */
  get gaps(): Recent<Incident> {
    return this.#state.gaps;
  }
  get malformed(): Recent<Incident> {
    return this.#state.malformed;
  }
  get acts(): Recent<Act> {
    return this.#state.acts;
  }

  get extent(): ViewExtent {
    const { table, series, first, next, seenAt, dropped } = this.#state;
    return {
      tasks: table.size,
      events: next - first,
      first,
      next,
      seenAt,
      dropped,
      late: series.late,
      wordsOmitted: table.wordsOmitted,
    };
  }

  /** Tasks by the state that people see. */
  get byState(): Map<string, number> {
    return this.#state.table.words.state.counts();
  }

  /** Events come in the order of their ordinals. */
  apply(event: Event, ordinal: Ordinal): void {
    const state = this.#state;
    if (state.next === 0) state.first = ordinal;
    state.next = ordinal + 1;
    state.seenAt = Math.max(state.seenAt ?? 0, event.seenAt);
    state.series.advance(event.seenAt);
    if (isTaskEvent(event)) this.#applyTask(event, ordinal);
    else if (isWorkerEvent(event)) {
      state.workers.apply(event, ordinal);
      this.#changes.workers(ordinal);
    } else if (event.type === "log.gap") state.gaps.add(incidentOf(event, ordinal), event.count);
    else if (event.type === "log.malformed") state.malformed.add(incidentOf(event, ordinal), event.count);
  }

  applySample(sample: Sample): void {
    this.#state.queues.apply(sample);
    this.#changes.queues();
  }

  task(id: string): Task | undefined {
    const row = this.table.find(id);
    return row < 0 ? undefined : this.table.read(row, id);
  }

  /** Ordinals of a task's events, newest first, at most 1,000. */
  ordinalsOf(id: string): Ordinal[] {
    const row = this.table.find(id);
    return row < 0 ? [] : this.#state.timeline.back(this.table.lastOrdinal(row), LONGEST_TIMELINE);
  }

  /** Ids of the tasks that a task sent, at most 1,000. A scan of one column: children come and go with their own events. */
  childrenOf(id: string): string[] {
    const rows: number[] = [];
    forEachMatch(this.table, { is: "match", field: "parent", pattern: id }, NaN, (row) => {
      if (rows.length < MOST_CHILDREN) rows.push(row);
    });
    return rows.map((row) => this.table.idOf(row)).filter((child) => child !== id);
  }

  /**
   * What must be written again before the events before an ordinal may be trimmed: each task that is unfinished, or has
   * events on both sides, as one `task.known` heard at `seenAt`. Its clock is the last ordinal of which it knows. At most
   * `limit` of them: once those are applied, the next ones.
   */
  unfinishedBefore(before: Ordinal, seenAt: number, limit = Infinity): TaskEvent[] {
    const isFinal = this.table.words.state.table((state) => FINAL_STATES.has(state));
    const rows = this.table.select((last, first, state) => first < before && (last >= before || isFinal[state] === 0));
    const clock = this.#state.next - 1;
    return rows.slice(0, limit).map((row) => ({ ...knownOf(this.table.read(row), seenAt), clock }));
  }

  /** The same of workers: those that are there, or have events on both sides, as `worker.known`. */
  workersBefore(before: Ordinal, seenAt: number): WorkerEvent[] {
    return this.workers.knownBefore(before, this.#state.next - 1, seenAt);
  }

  /** The log no longer has what was before an ordinal: forgets every task and worker that has had no event since. */
  trim(before: Ordinal): void {
    const state = this.#state;
    if (before <= state.first) return;
    const { table } = state;
    for (const row of table.select((last) => last < before)) {
      state.forgotten.add(table.idOf(row));
      state.forgottenSeenAt = Math.max(state.forgottenSeenAt, table.seenAt(row));
      table.remove(row);
    }
    state.timeline.trim(before);
    state.workers.trim(before);
    for (const recent of [state.gaps, state.malformed, state.acts]) recent.forgetBefore(before);
    state.first = Math.min(before, state.next);
    this.#changes.manyTasks();
  }

  /** The log began anew: forgets everything but who listens, and what samples told. Answers what was known until now. */
  reset(): Remembered {
    const { table, workers, acts, queues } = this.#state;
    this.#state = { ...newState(), queues };
    this.#changes.manyTasks();
    return new Remembered(
      table,
      workers,
      acts.kept.map(({ event }) => event),
    );
  }

  /** Hints of what changed, at most one each turn of the event loop. Answers how to end it. */
  subscribe(listener: (change: Change) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  #applyTask(event: TaskEvent, ordinal: Ordinal): void {
    const { table, timeline, series, acts } = this.#state;
    let row = table.find(event.task);
    if (row < 0 && this.#isForgotten(event)) {
      this.#state.dropped++;
      return;
    }
    const before = row < 0 ? undefined : table.read(row, event.task);
    const after = fold(before, event);
    if (before === undefined) {
      row = table.add(after);
      table.stamp(row, ordinal);
      table.stampFirst(row, ordinal);
    } else {
      table.write(row, after, before);
      const previous = table.lastOrdinal(row);
      timeline.add(ordinal, previous);
      table.stamp(row, ordinal);
      if (event.type === "task.known" && event.clock !== undefined) table.stampFirst(row, timeline.firstAfter(event.clock, ordinal));
    }
    const marks = before === undefined ? undefined : this.#marksBefore.read(before);
    const marksNow = this.#marksNow.read(after);
    series.move(marks, marksNow);
    this.#countForWorker(marks, -1);
    this.#countForWorker(marksNow, 1);
    if (event.type === "task.acted") acts.add({ ordinal, event });
    this.#changes.task(event.task, ordinal);
  }

  /** A late event of a trimmed task would show a task of which nothing else is known. An id that is used again is another thing. */
  #isForgotten(event: TaskEvent): boolean {
    const { forgotten, forgottenSeenAt } = this.#state;
    if (event.type === "task.known" || !forgotten.has(event.task)) return false;
    return !(BEGINNINGS.has(event.type) && event.at > forgottenSeenAt);
  }

  #countForWorker(marks: Marks | undefined, count: number): void {
    if (marks?.worker === undefined) return;
    if (marks.end === Kind.SUCCEEDED) this.#state.workers.count(marks.worker, "succeeded", count);
    if (marks.end === Kind.FAILED) this.#state.workers.count(marks.worker, "failed", count);
  }
}

interface State {
  table: TaskTable;
  timeline: Timeline;
  series: Series;
  workers: Workers;
  queues: Queues;
  forgotten: ForgottenIds;
  /** When the newest of the forgotten tasks was last heard of. */
  forgottenSeenAt: number;
  gaps: Recent<Incident>;
  malformed: Recent<Incident>;
  acts: Recent<Act>;
  first: Ordinal;
  next: Ordinal;
  seenAt: number | null;
  dropped: number;
}

function newState(): State {
  return {
    table: new TaskTable(),
    timeline: new Timeline(),
    series: new Series(),
    workers: new Workers(),
    queues: new Queues(),
    forgotten: new ForgottenIds(),
    forgottenSeenAt: 0,
    gaps: new Recent(RECENT_GAPS),
    malformed: new Recent(RECENT_MALFORMED),
    acts: new Recent(RECENT_ACTS),
    first: 0,
    next: 0,
    seenAt: null,
    dropped: 0,
  };
}

function incidentOf(event: LogEvent, ordinal: Ordinal): Incident {
  return { ordinal, at: event.at, fromAt: event.fromAt ?? null, count: event.count ?? null, ...logDataOf(event.details) };
}

/** Where and why; nothing when it cannot be read, which only a foreign hand in the log can cause. */
export function logDataOf(details: string | undefined): LogData {
  const told: LogData = { where: "", reason: "" };
  try {
    const data: unknown = JSON.parse(details ?? "{}");
    if (typeof data !== "object" || data === null) return told;
    if ("where" in data) told.where = String(data.where);
    if ("reason" in data) told.reason = String(data.reason);
    if ("sample" in data) told.sample = String(data.sample);
    if ("poison" in data) told.poison = data.poison === true;
  } catch {
    // Nothing is told.
  }
  return told;
}
