import { type Event, type EventType, type Facts, isTaskEvent, type Source } from "../model/event.ts";
import { ByteReader, ByteWriter, CorruptBytes } from "./bytes.ts";
import { EVENT_TYPES, FACTS, type FactKind, keysOf, SOURCES } from "./facts.ts";
import { readUuid, UUID_BYTES, writeUuid } from "./uuid.ts";

/**
 * What replay reads of the events of a segment: everything but their payloads. It is written by columns, one for each fact, and
 * a shape (type, source, which facts) for each event, because like next to like compresses best.
 *
 *     words    count, then each as text
 *     ids      count, then each: 0 for the next UUID, or 1 and a text
 *     shapes   count, then each: type, source, inferred, number of facts, their codes
 *     columns  count, then each: code, length; then the columns in that order
 *
 * UUIDs are kept apart from it, 16 bytes each: they cannot be compressed, and would spoil what can.
 */
export interface FoldSection {
  uuids: Buffer;
  rest: Buffer;
}

const SHAPE = 64;
const AT = 65;
const SEEN_AT = 66;
const TASK = 67;
const COLUMNS = 68;
const MICROSECONDS = 1000;

interface Field {
  name: keyof Facts;
  code: number;
  kind: FactKind;
}

const FIELDS: readonly Field[] = keysOf(FACTS).map((name) => ({ name, code: FACTS[name][0], kind: FACTS[name][1] }));
const FIELD_OF_CODE = new Map(FIELDS.map((field) => [field.code, field]));
const BIT_OF_NAME = new Map<string, number>(FIELDS.map(({ name, code }) => [name, 2 ** code]));
const TYPE_OF_CODE = new Map<number, EventType>(keysOf(EVENT_TYPES).map((type) => [EVENT_TYPES[type], type]));
const SOURCE_OF_CODE = new Map<number, Source>(keysOf(SOURCES).map((source) => [SOURCES[source], source]));

/** Strings in the order of their first appearance. */
class Interned {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  /** The place of a string, or minus one when it is new. It is known from now on. */
  place(text: string): number {
    const place = this.#places.get(text);
    if (place !== undefined) return place;
    this.#places.set(text, this.all.length);
    this.all.push(text);
    return -1;
  }
}

export function encodeFoldSection(events: readonly Event[]): FoldSection {
  const words = new Interned();
  const ids = new Interned();
  const shapes = new Map<number, { place: number; fields: Field[] }>();
  const header = new ByteWriter(1024);
  const columns: (ByteWriter | undefined)[] = [];
  const bases: number[] = Array.from({ length: COLUMNS }, () => 0);
  const column = (code: number): ByteWriter => (columns[code] ??= new ByteWriter());
  const shapeHeader = new ByteWriter();

  const writeId = (code: number, id: string): void => {
    const next = ids.all.length;
    const place = ids.place(id);
    // The distance back: tasks that run at the same time stay near each other.
    column(code).varint(place === -1 ? 0 : next - place);
  };
  const writeDelta = (code: number, value: number, scale: number): number =>
    (bases[code] = column(code).delta(value, bases[code] ?? 0, scale));

  for (const event of events) {
    const key = shapeKey(event);
    let shape = shapes.get(key);
    if (shape === undefined) {
      const facts: Facts = event;
      shape = { place: shapes.size, fields: FIELDS.filter(({ name }) => facts[name] !== undefined) };
      shapes.set(key, shape);
      shapeHeader.varint(EVENT_TYPES[event.type]);
      shapeHeader.varint(SOURCES[event.source]);
      shapeHeader.varint(inferredCode(event.inferred));
      shapeHeader.varint(shape.fields.length);
      for (const field of shape.fields) shapeHeader.varint(field.code);
    }
    column(SHAPE).varint(shape.place);
    const at = writeDelta(AT, event.at, MICROSECONDS);
    writeDelta(SEEN_AT, event.seenAt, MICROSECONDS);
    if (isTaskEvent(event)) writeId(TASK, event.task);
    for (const { name, code, kind } of shape.fields) {
      const value = event[name];
      if (typeof value === "string") {
        if (kind === "id") {
          writeId(code, value);
        } else {
          const next = words.all.length;
          const place = words.place(value);
          column(code).varint(place === -1 ? next : place);
        }
      } else if (typeof value === "number") {
        switch (kind) {
          case "time":
            column(code).delta(value, at, MICROSECONDS);
            break;
          case "duration":
            column(code).delta(value, 0, MICROSECONDS);
            break;
          case "clock":
            writeDelta(code, value, 1);
            break;
          default:
            column(code).delta(value, 0, 1);
        }
      }
    }
  }

  header.varint(words.all.length);
  for (const word of words.all) header.text(word);
  const uuids = new ByteWriter(ids.all.length * UUID_BYTES);
  header.varint(ids.all.length);
  for (const id of ids.all) {
    if (writeUuid(id, uuids)) {
      header.byte(0);
    } else {
      header.byte(1);
      header.text(id);
    }
  }
  header.varint(shapes.size);
  header.append(shapeHeader.written());
  const used = columns.flatMap((writer, code) => (writer === undefined ? [] : [{ code, bytes: writer.written() }]));
  header.varint(used.length);
  for (const { code, bytes } of used) {
    header.varint(code);
    header.varint(bytes.length);
  }
  for (const { bytes } of used) header.append(bytes);
  return { uuids: uuids.written(), rest: header.written() };
}

/** Equal for events of one shape: type, source, `inferred` and the set of their facts in one number. */
function shapeKey(event: Event): number {
  let facts = 0;
  for (const name in event) {
    const bit = BIT_OF_NAME.get(name);
    if (bit !== undefined && event[name as keyof Facts] !== undefined) facts += bit;
  }
  return facts * 4096 + EVENT_TYPES[event.type] * 32 + SOURCES[event.source] * 4 + inferredCode(event.inferred);
}

function inferredCode(inferred: boolean | undefined): number {
  return inferred === undefined ? 0 : inferred ? 1 : 2;
}

interface Shape {
  type: EventType;
  source: Source;
  inferred: boolean | undefined;
  hasTask: boolean;
  steps: { name: keyof Facts; kind: FactKind; column: ByteReader }[];
}

/** Throws `CorruptBytes`. The events have no `payload`. */
export function decodeFoldSection({ uuids, rest }: FoldSection, count: number): Event[] {
  const header = new ByteReader(rest);
  const words = Array.from({ length: bounded(header.varint(), rest) }, () => header.text());
  const uuidReader = new ByteReader(uuids);
  const ids = Array.from({ length: bounded(header.varint(), rest) }, () =>
    header.byte() === 0 ? readUuid(uuidReader.part(UUID_BYTES)) : header.text(),
  );
  const shapeCodes = Array.from({ length: bounded(header.varint(), rest) }, () => ({
    type: header.varint(),
    source: header.varint(),
    inferred: header.varint(),
    facts: Array.from({ length: bounded(header.varint(), rest) }, () => header.varint()),
  }));
  const lengths = Array.from({ length: bounded(header.varint(), rest) }, () => ({ code: header.varint(), size: header.varint() }));
  const columns = new Map<number, ByteReader>();
  for (const { code, size } of lengths) columns.set(code, header.part(size));
  const column = (code: number): ByteReader => {
    const found = columns.get(code);
    if (found === undefined) throw new CorruptBytes("a column is missing");
    return found;
  };

  const shapes = shapeCodes.map(({ type: typeCode, source: sourceCode, inferred, facts }): Shape => {
    const type = TYPE_OF_CODE.get(typeCode);
    const source = SOURCE_OF_CODE.get(sourceCode);
    if (type === undefined || source === undefined) throw new CorruptBytes("an event has no known type or source");
    // Facts that only a newer version knows are left out.
    const fields = facts.flatMap((code) => FIELD_OF_CODE.get(code) ?? []);
    const needed = type.startsWith("worker.") ? "worker" : type.endsWith(".sampled") ? "queue" : undefined;
    if (needed !== undefined && !fields.some(({ name }) => name === needed)) throw new CorruptBytes(`an event has no ${needed}`);
    return {
      type,
      source,
      inferred: inferred === 0 ? undefined : inferred === 1,
      hasTask: type.startsWith("task."),
      steps: fields.map(({ name, kind, code }) => ({ name, kind, column: column(code) })),
    };
  });
  if (count > 0 && shapes.length === 0) throw new CorruptBytes("events have no shapes");

  const shapeColumn = count === 0 ? header : column(SHAPE);
  const atColumn = count === 0 ? header : column(AT);
  const seenAtColumn = count === 0 ? header : column(SEEN_AT);
  const taskColumn = columns.get(TASK) ?? new ByteReader(rest, 0, 0);
  let newId = 0;
  const readId = (reader: ByteReader): string => {
    const distance = reader.varint();
    const id = ids[distance === 0 ? newId++ : newId - distance];
    if (id === undefined) throw new CorruptBytes("an id is missing");
    return id;
  };

  const events: Event[] = [];
  for (let i = 0; i < count; i++) {
    const shape = shapes[shapeColumn.varint()];
    if (shape === undefined) throw new CorruptBytes("a shape is missing");
    const at = atColumn.delta(MICROSECONDS);
    const seenAt = seenAtColumn.delta(MICROSECONDS);
    const { type, source } = shape;
    const event: Record<string, string | number | boolean> = shape.hasTask
      ? { type, task: readId(taskColumn), at, seenAt, source }
      : { type, at, seenAt, source };
    if (shape.inferred !== undefined) event["inferred"] = shape.inferred;
    for (const { name, kind, column: reader } of shape.steps) {
      switch (kind) {
        case "word": {
          const word = words[reader.varint()];
          if (word === undefined) throw new CorruptBytes("a word is missing");
          event[name] = word;
          break;
        }
        case "id":
          event[name] = readId(reader);
          break;
        case "time":
          reader.base = atColumn.base;
          event[name] = reader.delta(MICROSECONDS);
          break;
        case "duration":
          reader.base = 0;
          event[name] = reader.delta(MICROSECONDS);
          break;
        case "clock":
          event[name] = reader.delta(1);
          break;
        case "count":
          reader.base = 0;
          event[name] = reader.delta(1);
          break;
      }
    }
    events.push(asEvent(event));
  }
  return events;
}

/** Counts of things that take a byte at least: a larger one would only reserve memory. */
function bounded(count: number, bytes: Buffer): number {
  if (count > bytes.length) throw new CorruptBytes("a count is larger than the bytes");
  return count;
}

/** Safe because shapes were checked to hold the fields that their type must have, each read as its own kind. */
function asEvent(event: Record<string, string | number | boolean>): Event {
  return event as unknown as Event;
}
