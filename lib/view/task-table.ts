import type { Ordinal } from "../log/log.ts";
import { stateOf } from "../model/state.ts";
import { Step, unknownTask, type Task } from "../model/task.ts";
import { IdIndex } from "./id-index.ts";
import { Rare, RareFacts } from "./rare-facts.ts";
import * as shapes from "./row-shape.ts";
import { CHUNK_ROWS, ROW_BYTES, TaskChunk } from "./task-chunk.ts";
import { OTHER, Words } from "./words.ts";

const MOST_RUNS = 0xffff_ffff;
const PRIORITY_APART = 255;
const STEPS: readonly Step[] = Object.values(Step);

/**
 * All tasks of one broker as columns. A task is read and written whole for the fold; questions read the columns of
 * `chunks` directly. Row numbers stay the same as long as the task is kept, and are used again afterwards.
 */
export class TaskTable {
  readonly words = {
    state: new Words(1_000),
    /** Custom states that are not shown, because the task is in doubt. */
    custom: new Words(1_000),
    name: new Words(20_000),
    queue: new Words(20_000),
    worker: new Words(20_000),
    exception: new Words(10_000),
  };
  readonly ids = new IdIndex();
  readonly rare = new RareFacts();
  /** Row `n` lies in chunk `n / 65,536`; a chunk that became empty is gone. */
  readonly chunks: (TaskChunk | undefined)[] = [];
  #size = 0;
  /** No chunk before this one has a free row. */
  #roomy = 0;
  #newest: Ordinal = 0;

  get size(): number {
    return this.#size;
  }

  /** Memory of rows and ids; words are few. */
  get bytes(): number {
    const chunks = this.chunks.filter((chunk) => chunk !== undefined).length;
    return chunks * CHUNK_ROWS * ROW_BYTES + this.ids.bytes + this.rare.bytes;
  }

  /** Words that were replaced by `OTHER`. */
  get wordsOmitted(): number {
    return Object.values(this.words).reduce((sum, words) => sum + words.omitted, 0);
  }

  /** The row of a task, or -1. */
  find(id: string): number {
    const number = this.ids.find(id);
    return number === 0 ? -1 : this.ids.row(number);
  }

  /** A new row for a task that has none. Words beyond the bound become `OTHER`, in the row and in `task`. */
  add(task: Task): number {
    const chunk = this.#chunkWithRoom();
    let at = chunk.freeRow - 1;
    if (at >= 0) chunk.freeRow = chunk.rare[at]!;
    else at = chunk.top++;
    const row = chunk.first + at;
    chunk.rare[at] = 0;
    chunk.id[at] = this.ids.acquire(task.id);
    this.ids.setRow(chunk.id[at]!, row);
    chunk.live++;
    this.#size++;
    this.write(row, task, unknownTask(task.id));
    return row;
  }

  /** Replaces a task; `held` is what `read` says now. Words beyond the bound become `OTHER`, in the row and in `task`. */
  write(row: number, task: Task, held: Task = this.read(row)): void {
    const chunk = this.chunkOf(row);
    const at = row % CHUNK_ROWS;
    this.#writeWords(chunk, at, task, held);
    this.#writeIds(chunk, at, task, held);
    chunk.lastAt[at] = task.lastAt;
    chunk.sentAt[at] = task.sentAt ?? NaN;
    chunk.receivedAt[at] = task.receivedAt ?? NaN;
    chunk.startedAt[at] = task.startedAt ?? NaN;
    chunk.endedAt[at] = task.endedAt ?? NaN;
    chunk.runtimeMs[at] = task.runtimeMs ?? NaN;
    chunk.seenAt[at] = task.seenAt;
    chunk.run[at] = Math.min(task.run, MOST_RUNS);
    chunk.nameRank[at] = task.nameRank;
    chunk.queueRank[at] = task.queueRank;
    chunk.workerRank[at] = task.workerRank;
    chunk.flags[at] = task.flags;
    chunk.step[at] = task.step;
    this.#writeState(chunk, at, task);
  }

  /** The task of a row; whoever has its id can spare making the text of it. */
  read(row: number, id: string = this.idOf(row)): Task {
    const chunk = this.chunkOf(row);
    const at = row % CHUNK_ROWS;
    const { words } = this;
    const shape = chunk.shape[at]!;
    const rare = chunk.rare[at]!;
    const run = chunk.run[at]!;
    return {
      id,
      name: words.name.text(chunk.name[at]!),
      queue: words.queue.text(chunk.queue[at]!),
      worker: words.worker.text(chunk.worker[at]!),
      exceptionType: words.exception.text(chunk.exception[at]!),
      parentId: this.#idText(chunk.parent[at]!),
      rootId: chunk.root[at] === chunk.id[at] ? id : this.#idText(chunk.root[at]!),
      groupId: this.#idText(chunk.group[at]!),
      rerunId: this.#idText(this.#rareNumber(rare, Rare.RERUN)),
      run,
      step: STEPS[chunk.step[at]!] ?? Step.UNKNOWN,
      custom: shapes.customIsShown(shape) ? words.state.text(chunk.state[at]!) : words.custom.text(this.#rareNumber(rare, Rare.CUSTOM)),
      stepAt: shapes.stepAtIn(shape, chunk, at, this.rareFact(rare, Rare.STEP_AT)),
      lastRun: shapes.lastRunIsApart(shape) ? this.rareFact(rare, Rare.LAST_RUN) : run,
      doubt: shapes.doubtIn(shape),
      doubtAt: known(this.rareFact(rare, Rare.DOUBT_AT)),
      evidenceAt: shapes.evidenceAtIn(shape, chunk, at, this.rareFact(rare, Rare.EVIDENCE_AT)),
      sentAt: known(chunk.sentAt[at]!),
      receivedAt: known(chunk.receivedAt[at]!),
      startedAt: known(chunk.startedAt[at]!),
      endedAt: known(chunk.endedAt[at]!),
      runtimeMs: known(chunk.runtimeMs[at]!),
      etaAt: known(this.rareFact(rare, Rare.ETA_AT)),
      expiresAt: known(this.rareFact(rare, Rare.EXPIRES_AT)),
      priority: known(this.priorityOf(chunk, at)),
      flags: chunk.flags[at]!,
      inferred: shapes.isInferred(shape),
      firstAt: shapes.firstAtIn(shape, chunk, at, this.rareFact(rare, Rare.FIRST_AT)),
      lastAt: chunk.lastAt[at]!,
      seenAt: chunk.seenAt[at]!,
      nameRank: chunk.nameRank[at]!,
      queueRank: chunk.queueRank[at]!,
      workerRank: chunk.workerRank[at]!,
    };
  }

  remove(row: number): void {
    const chunk = this.chunkOf(row);
    const at = row % CHUNK_ROWS;
    const blank = unknownTask("");
    const held = this.read(row);
    this.#writeWords(chunk, at, blank, held);
    this.#writeIds(chunk, at, blank, held);
    this.#dropRare(chunk, at);
    this.words.state.release(chunk.state[at]!);
    this.ids.setRow(chunk.id[at]!, -1);
    this.ids.release(chunk.id[at]!);
    chunk.state[at] = 0;
    chunk.shape[at] = 0;
    chunk.rare[at] = chunk.freeRow;
    chunk.freeRow = at + 1;
    chunk.live--;
    this.#size--;
    const index = chunk.first / CHUNK_ROWS;
    if (chunk.live === 0) this.chunks[index] = undefined;
    this.#roomy = Math.min(this.#roomy, index);
  }

  /** An event of the row's task has this ordinal. Ordinals only grow. */
  stamp(row: number, ordinal: Ordinal): void {
    const chunk = this.chunkOf(row);
    this.#newest = ordinal;
    chunk.lastOrdinal[row % CHUNK_ROWS] = ordinal;
  }

  /** Events before this ordinal tell nothing of the row's task that later ones do not. */
  stampFirst(row: number, ordinal: Ordinal): void {
    this.chunkOf(row).firstOrdinal[row % CHUNK_ROWS] = ordinal;
  }

  lastOrdinal(row: number): Ordinal {
    return this.#ordinal(this.chunkOf(row).lastOrdinal[row % CHUNK_ROWS]!);
  }

  /** The rows whose last ordinal, first ordinal and state pass a test. */
  select(test: (last: Ordinal, first: Ordinal, state: number) => boolean): number[] {
    const rows: number[] = [];
    for (const chunk of this.chunks) {
      if (chunk === undefined) continue;
      for (let at = 0; at < chunk.top; at++) {
        const state = chunk.state[at]!;
        if (state === 0) continue;
        const last = this.#ordinal(chunk.lastOrdinal[at]!);
        const first = this.#ordinal(chunk.firstOrdinal[at]!);
        if (test(last, first, state)) rows.push(chunk.first + at);
      }
    }
    return rows;
  }

  idOf(row: number): string {
    return this.ids.text(this.chunkOf(row).id[row % CHUNK_ROWS]!);
  }

  seenAt(row: number): number {
    return this.chunkOf(row).seenAt[row % CHUNK_ROWS]!;
  }

  stateOf(row: number): string {
    return this.words.state.text(this.chunkOf(row).state[row % CHUNK_ROWS]!) ?? "";
  }

  chunkOf(row: number): TaskChunk {
    const chunk = this.chunks[Math.floor(row / CHUNK_ROWS)];
    if (chunk === undefined) throw new RangeError(`no row ${row}`);
    return chunk;
  }

  /** A fact of a row's record, NaN when it is not known. */
  rareFact(record: number, fact: Rare): number {
    return record === 0 ? NaN : this.rare.get(record, fact);
  }

  /** NaN when it is not known. */
  priorityOf(chunk: TaskChunk, at: number): number {
    const stored = chunk.priority[at]!;
    if (stored === PRIORITY_APART) return this.rareFact(chunk.rare[at]!, Rare.PRIORITY);
    return stored === 0 ? NaN : stored - 1;
  }

  /** The highest run known of a row's task. */
  lastRunOf(chunk: TaskChunk, at: number): number {
    return shapes.lastRunIsApart(chunk.shape[at]!) ? this.rareFact(chunk.rare[at]!, Rare.LAST_RUN) : chunk.run[at]!;
  }

  #chunkWithRoom(): TaskChunk {
    for (; ; this.#roomy++) {
      const chunk = this.chunks[this.#roomy];
      if (chunk === undefined) return (this.chunks[this.#roomy] = new TaskChunk(this.#roomy * CHUNK_ROWS));
      if (chunk.live < CHUNK_ROWS) return chunk;
    }
  }

  #writeWords(chunk: TaskChunk, at: number, task: Task, held: Task): void {
    const { name, queue, worker, exception } = this.words;
    if (task.name !== held.name) task.name = exchange(name, chunk.name, at, task.name);
    if (task.queue !== held.queue) task.queue = exchange(queue, chunk.queue, at, task.queue);
    if (task.worker !== held.worker) task.worker = exchange(worker, chunk.worker, at, task.worker);
    if (task.exceptionType !== held.exceptionType) task.exceptionType = exchange(exception, chunk.exception, at, task.exceptionType);
  }

  #writeIds(chunk: TaskChunk, at: number, task: Task, held: Task): void {
    if (task.parentId !== held.parentId) this.#exchangeId(chunk.parent, at, task.parentId);
    if (task.groupId !== held.groupId) this.#exchangeId(chunk.group, at, task.groupId);
    if (task.rootId !== held.rootId) this.#exchangeId(chunk.root, at, task.rootId);
  }

  #exchangeId(column: Uint32Array, at: number, id: string | undefined): void {
    const held = column[at]!;
    column[at] = id === undefined ? 0 : this.ids.acquire(id);
    if (held !== 0) this.ids.release(held);
  }

  #writeState(chunk: TaskChunk, at: number, task: Task): void {
    const states = this.words.state;
    const state = stateOf(task);
    if (states.text(chunk.state[at]!) !== state) exchange(states, chunk.state, at, state);
    const shape = shapes.shapeOf(task, states.text(chunk.state[at]!) ?? "");
    chunk.shape[at] = shape;
    const { priority } = task;
    const fits = priority === undefined || (Number.isInteger(priority) && priority >= 0 && priority < PRIORITY_APART - 1);
    chunk.priority[at] = !fits ? PRIORITY_APART : priority === undefined ? 0 : priority + 1;
    const needsRecord =
      !fits ||
      shapes.stepAtIsApart(shape) ||
      shapes.firstAtIsApart(shape) ||
      shapes.evidenceAtIsApart(shape) ||
      shapes.lastRunIsApart(shape) ||
      (task.custom !== undefined && !shapes.customIsShown(shape)) ||
      task.doubtAt !== undefined ||
      task.etaAt !== undefined ||
      task.expiresAt !== undefined ||
      task.rerunId !== undefined;
    if (needsRecord) this.#writeRare(chunk, at, task, shape);
    else if (chunk.rare[at] !== 0) this.#dropRare(chunk, at);
  }

  #writeRare(chunk: TaskChunk, at: number, task: Task, shape: number): void {
    if (chunk.rare[at] === 0) chunk.rare[at] = this.rare.add();
    const record = chunk.rare[at]!;
    const { rare } = this;
    rare.set(record, Rare.STEP_AT, task.stepAt);
    rare.set(record, Rare.FIRST_AT, task.firstAt);
    rare.set(record, Rare.EVIDENCE_AT, task.evidenceAt);
    rare.set(record, Rare.DOUBT_AT, task.doubtAt ?? NaN);
    rare.set(record, Rare.ETA_AT, task.etaAt ?? NaN);
    rare.set(record, Rare.EXPIRES_AT, task.expiresAt ?? NaN);
    rare.set(record, Rare.PRIORITY, task.priority ?? NaN);
    rare.set(record, Rare.LAST_RUN, task.lastRun);
    const heldRerun = this.#rareNumber(record, Rare.RERUN);
    rare.set(record, Rare.RERUN, task.rerunId === undefined ? 0 : this.ids.acquire(task.rerunId));
    if (heldRerun !== 0) this.ids.release(heldRerun);
    const heldCustom = this.#rareNumber(record, Rare.CUSTOM);
    rare.set(record, Rare.CUSTOM, this.words.custom.acquire(shapes.customIsShown(shape) ? undefined : task.custom));
    this.words.custom.release(heldCustom);
  }

  #dropRare(chunk: TaskChunk, at: number): void {
    const record = chunk.rare[at]!;
    if (record === 0) return;
    const rerun = this.#rareNumber(record, Rare.RERUN);
    if (rerun !== 0) this.ids.release(rerun);
    this.words.custom.release(this.#rareNumber(record, Rare.CUSTOM));
    this.rare.remove(record);
    chunk.rare[at] = 0;
  }

  /** A number of an id or a word in a record, 0 for none. */
  #rareNumber(record: number, fact: Rare): number {
    return this.rareFact(record, fact) || 0;
  }

  #idText(number: number): string | undefined {
    return number === 0 ? undefined : this.ids.text(number);
  }

  /** The ordinal with these lower 32 bits: fewer events than 2^32 are kept at any time. */
  #ordinal(low: number): Ordinal {
    return this.#newest - ((this.#newest - low) >>> 0);
  }
}

/** Stores another word in a cell and answers it as it was stored. */
function exchange(words: Words, column: Uint16Array, at: number, text: string | undefined): string | undefined {
  const held = column[at]!;
  column[at] = words.acquire(text);
  words.release(held);
  return text === undefined ? undefined : (words.text(column[at]!) ?? OTHER);
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
