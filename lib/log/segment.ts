import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Event, isTaskEvent, type Payload } from "../model/event.ts";
import { ByteReader, ByteWriter, CorruptBytes } from "./bytes.ts";
import { decodeFoldSection, encodeFoldSection } from "./fold-section.ts";
import type { Ordinal } from "./log.ts";
import { TEXT_FIELDS } from "./facts.ts";
import { decodePayloads, encodePayloads } from "./payload-block.ts";
import { UUID_BYTES } from "./uuid.ts";

/**
 * Consecutive events of one log as bytes, in one format with two forms: `raw` for the small batches of the tail, where
 * compression would cost more than it saves, and `packed` (zstd) for segments.
 *
 *     head     version, form, epoch, first ordinal, count, tasks that end here, first and last seenAt
 *     table    number of UUIDs, stored and real size of the rest of the fold section;
 *              number of payload blocks, and of each: events, stored size, real size, CRC of what is stored
 *     CRC      of head, table, UUIDs and rest
 *     UUIDs    16 bytes each, never compressed
 *     rest     of the fold section
 *     payload  blocks
 */
const VERSION = 1;

export type Form = "raw" | "packed";

export interface Head {
  epoch: string;
  first: Ordinal;
  count: number;
  /** Tasks that end here, or are known again: each task of a log is counted about once. */
  tasks: number;
  /** Smallest and largest `seenAt`; 0 without events. */
  firstSeenAt: number;
  lastSeenAt: number;
}

/** `newer`: written in a format that this version does not know. `corrupt`: not what was once written. */
export type Unreadable = { ok: false; problem: "newer" | "corrupt"; reason: string };
export type Readable<T> = { ok: true; value: T } | Unreadable;

/** So many bytes from the beginning hold the head, whatever the segment. */
export const HEAD_BYTES = 80;
/** A page of rows reads a block for each row in the worst case; smaller ones compress badly. */
const BLOCK_EVENTS = 128;
const BLOCK_UNITS = 65_536;
const LONGEST_EPOCH = 24;
/** No section that we write comes near it; one that claims to is not ours. */
const LARGEST_SECTION = 512 * 1024 * 1024;

const ENDS = new Set<Event["type"]>([
  "task.succeeded",
  "task.failed",
  "task.revoked",
  "task.rejected",
  "task.cancelled",
  "task.lost",
  "task.ended",
  "task.known",
]);

export function encodeSegment(position: { epoch: string; first: Ordinal }, events: readonly Event[], form: Form): Buffer {
  if (position.epoch.length > LONGEST_EPOCH) throw new RangeError("The name of an epoch is too long");
  const { uuids, rest } = encodeFoldSection(events);
  const storedRest = form === "packed" ? zstdCompressSync(rest) : rest;
  const blocks = payloadBlocks(events).map(({ count, bytes }) => {
    const stored = form === "packed" ? zstdCompressSync(bytes) : bytes;
    return { count, size: bytes.length, stored };
  });

  const writer = new ByteWriter(storedRest.length + uuids.length + blocks.reduce((size, block) => size + block.stored.length + 16, 256));
  writer.byte(VERSION);
  writer.byte(form === "packed" ? 1 : 0);
  writer.text(position.epoch);
  writer.varint(position.first);
  writer.varint(events.length);
  writer.varint(endedTasks(events));
  const { firstSeenAt, lastSeenAt } = seenInterval(events);
  writer.delta(firstSeenAt, 0, 1000);
  writer.delta(lastSeenAt, 0, 1000);
  writer.varint(uuids.length / UUID_BYTES);
  writer.varint(storedRest.length);
  writer.varint(rest.length);
  writer.varint(blocks.length);
  for (const { count, size, stored } of blocks) {
    writer.varint(count);
    writer.varint(stored.length);
    writer.varint(size);
    writer.uint32(crc32(stored));
  }
  writer.uint32(crc32(storedRest, crc32(uuids, crc32(writer.written()))));
  writer.append(uuids);
  writer.append(storedRest);
  for (const { stored } of blocks) writer.append(stored);
  return writer.written();
}

function seenInterval(events: readonly Event[]): { firstSeenAt: number; lastSeenAt: number } {
  if (events.length === 0) return { firstSeenAt: 0, lastSeenAt: 0 };
  let firstSeenAt = Infinity;
  let lastSeenAt = -Infinity;
  for (const { seenAt } of events) {
    firstSeenAt = Math.min(firstSeenAt, seenAt);
    lastSeenAt = Math.max(lastSeenAt, seenAt);
  }
  return { firstSeenAt, lastSeenAt };
}

function endedTasks(events: readonly Event[]): number {
  const ended = new Set<string>();
  for (const event of events) if (isTaskEvent(event) && ENDS.has(event.type)) ended.add(event.task);
  return ended.size;
}

function payloadBlocks(events: readonly Event[]): { count: number; bytes: Buffer }[] {
  const blocks: { count: number; bytes: Buffer }[] = [];
  let payloads: (Payload | undefined)[] = [];
  let units = 0;
  const close = (): void => {
    if (payloads.length > 0) blocks.push({ count: payloads.length, bytes: encodePayloads(payloads) });
    payloads = [];
    units = 0;
  };
  for (const { payload } of events) {
    const size = payload === undefined ? 0 : unitsOf(payload);
    if (payloads.length === BLOCK_EVENTS || (units > 0 && units + size > BLOCK_UNITS)) close();
    payloads.push(payload);
    units += size;
  }
  close();
  return blocks;
}

/** About how much a payload takes, in UTF-16 units. */
export function unitsOf(payload: Payload): number {
  let units = 0;
  for (const name of TEXT_FIELDS) units += payload[name]?.length ?? 0;
  for (const child of payload.children ?? []) units += child.length;
  return units;
}

/** The head of a segment, from its first `HEAD_BYTES` or all of it. */
export function readHead(bytes: Buffer): Readable<Head> {
  return reading(() => headOf(new ByteReader(bytes)).head);
}

/** The events without their payloads; payload blocks are not looked at. */
export function readFacts(bytes: Buffer): Readable<{ head: Head; events: Event[] }> {
  return reading(() => {
    const { head, table } = open(bytes);
    return { head, events: factsOf(bytes, head, table) };
  });
}

/**
 * Whole events, with the place of each in the segment: those at `places` (in ascending order), or all. Only the blocks that
 * hold them are decompressed.
 */
export function readWhole(bytes: Buffer, places?: readonly number[]): Readable<{ head: Head; events: { place: number; event: Event }[] }> {
  return reading(() => {
    const { head, table } = open(bytes);
    const facts = factsOf(bytes, head, table);
    const wanted = places?.filter((place) => place >= 0 && place < head.count) ?? facts.keys().toArray();
    const events: { place: number; event: Event }[] = [];
    let begin = 0;
    let at = 0;
    for (const block of table.blocks) {
      const end = begin + block.count;
      if ((wanted[at] ?? Infinity) < end) {
        const payloads = decodePayloads(sectionOf(bytes, block, head.form), block.count);
        for (let place = wanted[at]; place !== undefined && place < end; place = wanted[++at]) {
          const event = facts[place];
          if (event === undefined) break;
          const payload = payloads[place - begin];
          if (payload !== undefined) event.payload = payload;
          events.push({ place, event });
        }
      }
      begin = end;
    }
    return { head, events };
  });
}

class NewerFormat extends Error {}

function reading<T>(read: () => T): Readable<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof NewerFormat) return { ok: false, problem: "newer", reason: error.message };
    if (error instanceof CorruptBytes) return { ok: false, problem: "corrupt", reason: error.message };
    throw error;
  }
}

interface Section {
  at: number;
  stored: number;
  size: number;
  crc: number;
}

interface Table {
  uuids: { at: number; size: number };
  rest: Section;
  blocks: (Section & { count: number })[];
}

type HeadAndForm = Head & { form: Form };

function headOf(reader: ByteReader): { head: HeadAndForm } {
  const version = reader.byte();
  if (version > VERSION) throw new NewerFormat(`it is written in format ${version}, and this version reads up to ${VERSION}`);
  if (version === 0) throw new CorruptBytes("it does not begin as a segment");
  const form = reader.byte() === 1 ? "packed" : "raw";
  const epoch = reader.text();
  const first = reader.varint();
  const count = reader.varint();
  const tasks = reader.varint();
  const firstSeenAt = reader.delta(1000);
  reader.base = 0;
  const lastSeenAt = reader.delta(1000);
  return { head: { form, epoch, first, count, tasks, firstSeenAt, lastSeenAt } };
}

/** Head and table, after the check that they and the fold section are what was written. */
function open(bytes: Buffer): { head: HeadAndForm; table: Table } {
  const reader = new ByteReader(bytes);
  const { head } = headOf(reader);
  const uuidsSize = reader.varint() * UUID_BYTES;
  const restStored = reader.varint();
  const restSize = reader.varint();
  const blockCount = reader.varint();
  if (blockCount > bytes.length) throw new CorruptBytes("a count is larger than the bytes");
  const blocks = Array.from({ length: blockCount }, () => ({
    at: 0,
    count: reader.varint(),
    stored: reader.varint(),
    size: reader.varint(),
    crc: reader.uint32(),
  }));
  const checked = reader.at;
  const crc = reader.uint32();
  const uuids = { at: reader.at, size: uuidsSize };
  reader.skip(uuidsSize);
  const rest = { at: reader.at, stored: restStored, size: restSize, crc };
  reader.skip(restStored);
  if (crc32(bytes.subarray(uuids.at, reader.at), crc32(bytes.subarray(0, checked))) !== crc) throw new CorruptBytes("the CRC differs");
  for (const block of blocks) {
    block.at = reader.at;
    reader.skip(block.stored);
  }
  if (head.count > bytes.length * 1024 || blocks.reduce((sum, { count }) => sum + count, 0) !== head.count) {
    throw new CorruptBytes("the number of events differs");
  }
  return { head, table: { uuids, rest, blocks } };
}

function factsOf(bytes: Buffer, head: HeadAndForm, { uuids, rest }: Table): Event[] {
  // The CRC of the rest was checked with the head's.
  const section = decompressed(bytes.subarray(rest.at, rest.at + rest.stored), rest.size, head.form);
  return decodeFoldSection({ uuids: bytes.subarray(uuids.at, uuids.at + uuids.size), rest: section }, head.count);
}

function sectionOf(bytes: Buffer, { at, stored, size, crc }: Section, form: Form): Buffer {
  const section = bytes.subarray(at, at + stored);
  if (crc32(section) !== crc) throw new CorruptBytes("the CRC of a payload block differs");
  return decompressed(section, size, form);
}

function decompressed(stored: Buffer, size: number, form: Form): Buffer {
  if (size > LARGEST_SECTION) throw new CorruptBytes("a section claims to be too large");
  let section: Buffer;
  try {
    section = form === "packed" ? zstdDecompressSync(stored, { maxOutputLength: Math.max(size, 1) }) : stored;
  } catch {
    throw new CorruptBytes("a section cannot be decompressed");
  }
  if (section.length !== size) throw new CorruptBytes("a section has not the size that it should have");
  return section;
}
