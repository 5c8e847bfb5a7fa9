import { defineScript } from "../../redis.ts";
import type { Ordinal } from "../log.ts";
import { type Outcome, type SegmentInfo, segmentInfo, type StoreState } from "../store.ts";
import { bytes, list, number, placeOf, text } from "./replies.ts";

// Everything that must be one step. Ids of tail and log are `<first ordinal>-<count>`, so the last one tells where the log ends.
//
// Redis refuses commands that may take memory (XADD, SET, HSET) when it is full, but not after a script has already written.
// So a script that gives memory back does that first, and one that takes memory begins with what may be refused.

/** Lua: the ordinal after the last one that was ever added, 1 for a new log. An emptied tail still knows its last id. */
const END = `
local function endOf(key)
  local info = redis.pcall('XINFO', 'STREAM', key)
  if info.err then return nil end
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local first, count = string.match(info[i + 1], '^(%d+)-(%d+)$')
      return tonumber(first) + tonumber(count)
    end
  end
end
local function logEnd(tail, log)
  return math.max(endOf(tail) or endOf(log) or 1, 1)
end
local function id(first, count)
  return string.format('%.0f-%.0f', first, count)
end
`;

const OUTCOMES: readonly Outcome[] = ["done", "fenced", "elsewhere"];

function outcome(raw: unknown): Outcome {
  return OUTCOMES[number(raw)] ?? "elsewhere";
}

/**
 * KEYS lease. ARGV token, time to live in ms. Returns 0 if somebody else holds it, 1 if it was renewed, 2 if it was taken.
 * DEL before SET because a leader that died while memory was full must be replaced by one that can trim.
 */
export const takeLease = defineScript<[lease: string], [token: string, ttlMs: number], "refused" | "renewed" | "taken">({
  lua: `
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
if holder then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 2`,
  reply: (raw) => (["refused", "renewed", "taken"] as const)[number(raw)] ?? "refused",
});

/** KEYS lease. ARGV token. Returns how many leases were given back. */
export const dropLease = defineScript<[lease: string], [token: string], number>({
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`,
  reply: number,
});

/**
 * KEYS tail, log, meta. ARGV length of a head.
 * Returns: end of the log; its epoch or nil; heads of the last entries of tail and log (or ''), which tell the epoch as well;
 * first id, head and size of what the tail holds (or '', '', 0); the same of the oldest segment.
 */
export const readState = defineScript<[tail: string, log: string, meta: string], [headBytes: number], StateReply>({
  lua: `${END}
local function data(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do if fields[i] == 'd' then return fields[i + 1] end end
end
local function head(entry)
  local bytes = entry and data(entry)
  return bytes and string.sub(bytes, 1, ARGV[1]) or ''
end
local first, firstHead, size, lastHead = '', '', 0, ''
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
  local bytes = data(entry)
  if bytes then
    if size == 0 then first, firstHead = entry[1], head(entry) end
    size = size + #bytes
    lastHead = head(entry)
  end
end
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
return {
  string.format('%.0f', logEnd(KEYS[1], KEYS[2])), redis.call('HGET', KEYS[3], 'epoch'), lastHead, head(newest),
  first, firstHead, size,
  oldest and oldest[1] or '', head(oldest), oldest and #(data(oldest) or '') or 0
}`,
  reply(raw) {
    const [next, epoch, tailHead, logHead, first, firstHead, size, oldest, oldestHead, oldestSize] = list(raw);
    return {
      next: number(next),
      epoch: epoch === null ? null : text(epoch),
      lastHeads: [bytes(tailHead), bytes(logHead)],
      tail: text(first) === "" ? null : segmentInfo(placeOf(text(first)), bytes(firstHead), number(size)),
      oldest: text(oldest) === "" ? null : segmentInfo(placeOf(text(oldest)), bytes(oldestHead), sizeInStore(number(oldestSize))),
    };
  },
});

interface StateReply extends Pick<StoreState, "epoch" | "next" | "oldest"> {
  tail: SegmentInfo | null;
  /** The epoch is in there too, should `meta` be lost. */
  lastHeads: Buffer[];
}

/**
 * KEYS tail, log, lease, meta. ARGV token, epoch, first ordinal, count, batch.
 * Returns 0 done, 1 fenced, 2 when the log does not end at that ordinal or has another epoch.
 */
export const addBatch = defineScript<
  [tail: string, log: string, lease: string, meta: string],
  [token: string, epoch: string, first: Ordinal, count: number, batch: Buffer],
  Outcome
>({
  lua: `${END}
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 1 end
local epoch = redis.call('HGET', KEYS[4], 'epoch')
if (epoch and epoch ~= ARGV[2]) or logEnd(KEYS[1], KEYS[2]) ~= tonumber(ARGV[3]) then return 2 end
redis.call('XADD', KEYS[1], id(ARGV[3], ARGV[4]), 'd', ARGV[5])
if not epoch then redis.call('HSET', KEYS[4], 'epoch', ARGV[2]) end
return 0`,
  reply: outcome,
});

/**
 * KEYS tail, log, lease, meta. ARGV token, epoch, where the log ends now, first ordinal, count, segment.
 * The tail is emptied. For events that it did not hold it gets an entry without bytes, with their ids: it wakes who waits there,
 * and lets the tail's last id be the end of the log. Returns as addBatch, 2 also when the segment is there already.
 */
export const addSegment = defineScript<
  [tail: string, log: string, lease: string, meta: string],
  [token: string, epoch: string, next: Ordinal, first: Ordinal, count: number, segment: Buffer],
  Outcome
>({
  lua: `${END}
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 1 end
local epoch = redis.call('HGET', KEYS[4], 'epoch')
local next, first, count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if (epoch and epoch ~= ARGV[2]) or logEnd(KEYS[1], KEYS[2]) ~= next then return 2 end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if last and tonumber(string.match(last[1], '^%d+')) >= first then return 2 end
local added = first + count - next
if added > 0 then
  redis.call('XADD', KEYS[1], id(next, added), 's', '')
  redis.call('XTRIM', KEYS[1], 'MINID', id(next, 0))
else
  redis.call('XTRIM', KEYS[1], 'MAXLEN', 0)
end
redis.call('XADD', KEYS[2], id(first, count), 'd', ARGV[6])
if not epoch then redis.call('HSET', KEYS[4], 'epoch', ARGV[2]) end
return 0`,
  reply: outcome,
});

/** KEYS log, lease. ARGV token, ordinal. Drops what begins before it. Returns 0 done, 1 fenced. */
export const dropSegments = defineScript<[log: string, lease: string], [token: string, before: Ordinal], Outcome>({
  lua: `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 1 end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2] .. '-0')
return 0`,
  reply: outcome,
});

/** KEYS log. ARGV ordinal, limit, length of a head. Returns of each segment from there on: id, head, size. */
export const readHeads = defineScript<[log: string], [from: Ordinal, limit: number, headBytes: number], SegmentInfo[]>({
  lua: `
local heads = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])) do
  local bytes = entry[2][2]
  heads[#heads + 1] = { entry[1], string.sub(bytes, 1, ARGV[3]), #bytes }
end
return heads`,
  reply: (raw) =>
    list(raw).map((entry) => {
      const [id, head, size] = list(entry);
      return segmentInfo(placeOf(text(id)), bytes(head), sizeInStore(number(size)));
    }),
});

/**
 * KEYS samples, lease. ARGV token, time, base (or ''), sample, oldest time to keep, how many to keep. Returns the id, nil when
 * fenced. The id is the time, or what Redis' clock says where that would go backwards.
 */
export const addSample = defineScript<
  [samples: string, lease: string],
  [token: string, at: number, base: string, sample: Buffer, oldestAt: number, most: number],
  string | null
>({
  lua: `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return nil end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5] .. '-0')
redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[6])
local id = redis.pcall('XADD', KEYS[1], ARGV[2] .. '-0', 'd', ARGV[4], 'b', ARGV[3])
if type(id) ~= 'string' then id = redis.call('XADD', KEYS[1], '*', 'd', ARGV[4], 'b', ARGV[3]) end
return id`,
  reply: (raw) => (raw === null ? null : text(raw)),
});

/**
 * KEYS probe (a key of ours that does not exist). Returns nothing; fails where a log cannot be kept. DEL first, because a
 * Redis that is full now can take a log later.
 */
export const probe = defineScript<[probe: string], [], void>({
  lua: `
redis.call('DEL', KEYS[1])
redis.call('XADD', KEYS[1], '1-1', 'd', 'x')
redis.call('XTRIM', KEYS[1], 'MINID', '1-2')
redis.call('XINFO', 'STREAM', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], 'x', 'PX', 1000)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'f', 'x')
redis.call('DEL', KEYS[1])`,
  reply: () => undefined,
});

/** What an entry takes besides its bytes: ids, lengths, the node, and what the allocator rounds up. */
const ENTRY_BYTES = 96;

function sizeInStore(size: number): number {
  return size + ENTRY_BYTES;
}
