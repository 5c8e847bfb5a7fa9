import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { Redis, type RedisOptions } from "ioredis";
import { AppError, reasonOf } from "./errors.ts";

const REPLY_MS = 10_000;
const SILENCE_MS = 20_000;
const CONNECT_MS = 10_000;

/** ioredis' own type of them allows an undefined that its constructor, read exactly, does not. */
type Options = Omit<RedisOptions, "replyMapping">;

/** What we last heard of a connection, for sentences about it. */
const places = new WeakMap<Redis, { url: string; problem: string | undefined }>();

/**
 * A connection to the Redis of a URL: `redis://user:password@host:6379/0`, `rediss://` for TLS, or a socket as
 * `unix:///path?db=1` or (as Celery writes it) `redis+socket:///path?virtual_host=1`. The query may hold redis-py's
 * `ssl_cert_reqs`, `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` and `ssl_check_hostname`. Throws `bad-input` for another.
 *
 * It comes back by itself, for ever. While it is away a command rejects as soon as an attempt to connect has failed, and one
 * whose reply got lost rejects too: it is never sent a second time. Subscriptions are gone with the connection.
 * `asAppError` says such errors in a sentence.
 *
 * @param options.name shown in `CLIENT LIST`, after `perennial-`
 * @param options.blocking for commands that wait for data, 10 s at most, and for subscriptions
 */
export function connectRedis(url: string, options: { name: string; blocking?: boolean }): Redis {
  const target = parseRedisUrl(url);
  const redisOptions: Options = {
    ...target,
    connectionName: `perennial-${options.name.replace(/[^\w.:-]/g, "_")}`,
    // RESP3 is ioredis' default; its HELLO carries the password, which an old server repeats in its error.
    protocol: 2,
    connectTimeout: CONNECT_MS,
    // A command in flight when the connection drops must be decided by its caller: sending it again could do a thing twice.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Whoever subscribed does so again when it is ready: ioredis would leave a failure of its own attempt to nobody.
    autoResubscribe: false,
    ...(options.blocking === true ? { socketTimeout: SILENCE_MS } : { commandTimeout: REPLY_MS }),
  };
  const redis = new Redis(redisOptions);
  const place: { url: string; problem: string | undefined } = { url: displayUrl(url), problem: undefined };
  places.set(redis, place);
  // Without a listener ioredis prints errors, and they carry the command, AUTH with its password included.
  redis.on("error", (error: Error & { command?: unknown }) => {
    delete error.command;
    place.problem = target.password ? error.message.replaceAll(target.password, "***") : error.message;
  });
  redis.on("ready", () => {
    place.problem = undefined;
  });
  return redis;
}

/**
 * Ends a connection for good: whatever was asked of it and not answered rejects. ioredis' own `disconnect`, called between two
 * attempts to connect, would leave what was asked meanwhile without an answer for ever.
 */
export function disconnect(redis: Redis): void {
  // In this state, of a connection that nobody has opened yet, it looks after what waits.
  if (redis.status === "reconnecting") redis.status = "wait";
  redis.disconnect();
}

/** A URL without its password and its query, fit for screens and logs. */
export function displayUrl(url: string): string {
  return url.split(";").map(displayOne).join(";");
}

function displayOne(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "(unreadable URL)";
  }
  // A name without a password is often a password in the wrong place.
  const user = parsed.password === "" ? (parsed.username === "" ? "" : "***@") : `${parsed.username}:***@`;
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}`;
}

/** What a failed command means to the caller: `unavailable` with a sentence that names the server, never its password. */
export function asAppError(redis: Redis, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const place = places.get(redis);
  const where = place === undefined ? "Redis" : `Redis at ${place.url}`;
  if (error instanceof Error && error.name === "ReplyError") return new AppError("unavailable", `${where} refused: ${error.message}`);
  const reason = place?.problem ?? reasonOf(error);
  return new AppError("unavailable", `${where} does not answer: ${reason}`);
}

/** Whether Redis itself answered with this error code (a regular expression), such as `OOM`, `READONLY` or `NOPERM|DENIED`. */
export function isReplyError(error: unknown, code: string): boolean {
  // Errors of a script repeat the code of the command that failed in it, in some versions after their own words.
  return error instanceof Error && error.name === "ReplyError" && new RegExp(`(^|[ -])(${code})\\b`).test(error.message);
}

export type ScriptArgument = string | number | Buffer;

/**
 * A Lua script as a function. `Keys` and `Arguments` are labelled tuples, so that a call reads like one; `reply` turns what
 * the script returned (numbers, Buffers, null, arrays of them) into a type. Sent whole only where the server does not know it.
 */
export function defineScript<Keys extends readonly string[], Arguments extends readonly ScriptArgument[], Reply>(script: {
  lua: string;
  reply: (raw: unknown) => Reply;
}): (redis: Redis, keys: Keys, args: Arguments) => Promise<Reply> {
  const sha = createHash("sha1").update(script.lua).digest("hex");
  return async (redis, keys, args) => {
    const rest = [keys.length, ...keys, ...args];
    try {
      return script.reply(await redis.callBuffer("EVALSHA", sha, ...rest));
    } catch (error) {
      if (!isReplyError(error, "NOSCRIPT")) throw error;
      return script.reply(await redis.callBuffer("EVAL", script.lua, ...rest));
    }
  };
}

/** Number of the database that a URL names. Throws `bad-input` for a URL that cannot be read. */
export function redisDatabase(url: string): number {
  return parseRedisUrl(url).db ?? 0;
}

function parseRedisUrl(url: string): Options {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Not as the cause: it would carry the URL with its password.
    throw new AppError("bad-input", "The Redis URL cannot be read");
  }
  const { protocol, searchParams: query } = parsed;
  const credentials = {
    ...(parsed.username === "" ? {} : { username: percentDecoded(parsed.username) }),
    ...(parsed.password === "" ? {} : { password: percentDecoded(parsed.password) }),
  };
  switch (protocol) {
    case "redis:":
    case "rediss:": {
      const host = parsed.hostname.replace(/^\[|\]$/g, "") || "localhost";
      return {
        ...credentials,
        host,
        port: parsed.port === "" ? 6379 : Number(parsed.port),
        db: database(parsed.pathname.slice(1) || query.get("db")),
        ...(protocol === "rediss:" ? { tls: tlsOptions(host, query) } : {}),
      };
    }
    case "unix:":
    case "redis+socket:":
      return {
        ...credentials,
        path: percentDecoded(parsed.pathname),
        db: database(query.get("virtual_host")?.replace(/^\//, "") ?? query.get("db")),
      };
    default:
      throw new AppError("bad-input", `A Redis URL begins with redis://, rediss:// or unix://, not with ${protocol}//`);
  }
}

function database(text: string | null): number {
  if (text === null || text === "") return 0;
  if (!/^\d{1,6}$/.test(text)) throw new AppError("bad-input", "The Redis URL names a database that is not a number");
  return Number(text);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tlsOptions(host: string, query: URLSearchParams): ConnectionOptions {
  const requirement = query.get("ssl_cert_reqs")?.toLowerCase() ?? "required";
  const checksHost = !/^(false|0|no)$/i.test(query.get("ssl_check_hostname") ?? "");
  return {
    rejectUnauthorized: requirement !== "none" && requirement !== "cert_none",
    checkServerIdentity: checksHost ? checkServerIdentity : () => undefined,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...fileOption(query, "ssl_ca_certs", "ca"),
    ...fileOption(query, "ssl_certfile", "cert"),
    ...fileOption(query, "ssl_keyfile", "key"),
  };
}

function fileOption(query: URLSearchParams, parameter: string, option: "ca" | "cert" | "key"): ConnectionOptions {
  const path = query.get(parameter);
  if (path === null) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (error) {
    throw new AppError("bad-input", `${parameter} of the Redis URL cannot be read: ${reasonOf(error)}`);
  }
}
