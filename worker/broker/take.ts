import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { decodeUnacked } from "../../lib/wire/celery/unacked.ts";
import type { Log } from "../log.ts";
import { persevere } from "../persevere.ts";
import type { QueueCycle } from "./queue-cycle.ts";

/** A message that was taken, and is recorded as held under its tag. */
export interface Taken {
  raw: string;
  /** Null for a message without one: it is not recorded, and cannot be acknowledged. */
  tag: string | null;
}

/**
 * Takes messages, at most so many, and records them as held in the same moment: where Kombu pops first and records then, a worker
 * that dies between the two loses the message. Waits for Redis as long as it takes; a reply that got lost is asked for again.
 */
export async function take(
  redis: Redis,
  keys: CeleryKeys,
  cycle: QueueCycle,
  most: number,
  log: Log,
  signal: AbortSignal,
): Promise<Taken[]> {
  // The time at which they are taken is theirs alone, to the microsecond, so it tells what a lost reply held.
  const mark = ((Date.now() * 1000 + Math.floor(Math.random() * 1000)) / 1e6).toFixed(6);
  const lists = cycle.lists();
  let again = 0;
  const found = await persevere(
    () => takeAndRecord(redis, [...lists, keys.unackedIndex, keys.unacked], [mark, most, cycle.queues.length, again++ > 0 ? 1 : 0]),
    log,
    signal,
  );
  return found.map(({ list, text, tag }) => {
    cycle.served(list);
    if (list !== "") return { raw: text, tag: tag === "" ? null : tag };
    const unacked = decodeUnacked(text);
    return { raw: unacked.ok ? unacked.value.envelope.raw : text, tag };
  });
}

/**
 * KEYS: the queues' lists, all of one priority step before those of the next, in the order of their turns; unacked index (sorted
 * set); unacked (hash). ARGV: time taken, how many at most, number of queues, 1 when asked again.
 * Returns [list, message, delivery tag] for each; without a tag it has none; without a list it is what the hash holds.
 */
const takeAndRecord = defineScript<
  readonly string[],
  [mark: string, most: number, queues: number, again: 0 | 1],
  { list: string; text: string; tag: string }[]
>({
  lua: `
local found, index, unacked = {}, KEYS[#KEYS - 1], KEYS[#KEYS]
local queues = tonumber(ARGV[3])
if ARGV[4] == '1' then
  for _, tag in ipairs(redis.call('ZRANGE', index, ARGV[1], ARGV[1], 'BYSCORE')) do
    local held = redis.call('HGET', unacked, tag)
    if held then found[#found + 1] = {'', held, tag} end
  end
  if #found > 0 then return found end
end
local turns = {}
for queue = 1, queues do turns[queue] = queue end
local function pop()
  for first = 0, #KEYS - 3, queues do
    for at, queue in ipairs(turns) do
      local raw = redis.call('RPOP', KEYS[first + queue])
      if raw then
        table.remove(turns, at)
        table.insert(turns, queue)
        return KEYS[first + queue], raw
      end
    end
  end
end
for _ = 1, tonumber(ARGV[2]) do
  local list, raw = pop()
  if not list then break end
  local ok, message = pcall(cjson.decode, raw)
  -- A lone surrogate, which Python writes and reads, is none of JSON for Lua.
  if not ok then ok, message = pcall(cjson.decode, (string.gsub(raw, '\\\\u[dD][89a-fA-F]%x%x', '\\\\u0020'))) end
  local properties = ok and type(message) == 'table' and message.properties
  local tag = type(properties) == 'table' and properties.delivery_tag
  if type(tag) == 'string' and tag ~= '' then
    local info = type(properties.delivery_info) == 'table' and properties.delivery_info or {}
    local text = function(value) return cjson.encode(type(value) == 'string' and value or '') end
    redis.call('ZADD', index, ARGV[1], tag)
    redis.call('HSET', unacked, tag, '[' .. raw .. ', ' .. text(info.exchange) .. ', ' .. text(info.routing_key) .. ']')
    found[#found + 1] = {list, raw, tag}
  else
    found[#found + 1] = {list, raw, ''}
  end
end
return found`,
  reply: (raw) => (Array.isArray(raw) ? raw : []).map(readTaken),
});

function readTaken(item: unknown): { list: string; text: string; tag: string } {
  const [list = "", text = "", tag = ""] = (Array.isArray(item) ? item : []).map(String);
  return { list, text, tag };
}
