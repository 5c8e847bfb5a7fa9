/** Rows of a chunk. Growing the table adds a chunk and copies nothing; a chunk without tasks is dropped whole. */
export const CHUNK_ROWS = 65_536;

/** Hands out columns that lie one after another in one piece of shared memory, widest first. */
class Slab {
  readonly #memory: SharedArrayBuffer;
  #end = 0;

  constructor(bytesPerRow: number) {
    this.#memory = new SharedArrayBuffer(bytesPerRow * CHUNK_ROWS);
  }

  /** NaN stands for "not known". Rows are written before they are read, so the zeros of new memory are never seen. */
  floats(): Float64Array {
    return new Float64Array(this.#memory, this.#take(8), CHUNK_ROWS);
  }
  words(): Uint32Array {
    return new Uint32Array(this.#memory, this.#take(4), CHUNK_ROWS);
  }
  halves(): Uint16Array {
    return new Uint16Array(this.#memory, this.#take(2), CHUNK_ROWS);
  }
  bytes(): Uint8Array {
    return new Uint8Array(this.#memory, this.#take(1), CHUNK_ROWS);
  }

  #take(bytesPerRow: number): number {
    const at = this.#end;
    this.#end += bytesPerRow * CHUNK_ROWS;
    return at;
  }
}

export const ROW_BYTES = 7 * 8 + 11 * 4 + 7 * 2 + 2;

/** The columns of 65,536 tasks. Words are numbers of `Words`, ids are numbers of `IdIndex`; 0 is none of either. */
export class TaskChunk {
  readonly #slab = new Slab(ROW_BYTES);
  readonly lastAt = this.#slab.floats();
  readonly sentAt = this.#slab.floats();
  readonly receivedAt = this.#slab.floats();
  readonly startedAt = this.#slab.floats();
  readonly endedAt = this.#slab.floats();
  readonly runtimeMs = this.#slab.floats();
  readonly seenAt = this.#slab.floats();
  readonly id = this.#slab.words();
  readonly parent = this.#slab.words();
  readonly root = this.#slab.words();
  readonly group = this.#slab.words();
  readonly run = this.#slab.words();
  readonly nameRank = this.#slab.words();
  readonly queueRank = this.#slab.words();
  readonly workerRank = this.#slab.words();
  /** Number of the task's `RareFacts`, or 0; in a free row the next free row plus one. */
  readonly rare = this.#slab.words();
  /** The lower 32 bits of the ordinals of its last event and of the first that still holds facts of it. */
  readonly lastOrdinal = this.#slab.words();
  readonly firstOrdinal = this.#slab.words();
  /** The state that people see. 0 marks a free row. */
  readonly state = this.#slab.halves();
  readonly name = this.#slab.halves();
  readonly queue = this.#slab.halves();
  readonly worker = this.#slab.halves();
  readonly exception = this.#slab.halves();
  readonly flags = this.#slab.halves();
  /** How the remaining facts are stored; see `row-shape.ts`. */
  readonly shape = this.#slab.halves();
  readonly step = this.#slab.bytes();
  /** The priority plus one when it is 0 to 253, 0 when it is not known, 255 when it stands in `RareFacts`. */
  readonly priority = this.#slab.bytes();

  readonly first: number;
  /** Rows below this have been used; nothing lies behind. */
  top = 0;
  /** Rows that hold a task. */
  live = 0;
  /** A free row below `top` plus one, or 0. */
  freeRow = 0;

  constructor(first: number) {
    this.first = first;
  }
}
