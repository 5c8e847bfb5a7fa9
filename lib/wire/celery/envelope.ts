import { type Decoded, decoded, undecodable } from "../decoded.ts";
import type { Value } from "../python/value.ts";
import { decompress } from "../serialize/compression.ts";
import { parsePlainJson } from "../serialize/json.ts";
import { decodeSerialized } from "../serialize/serialized.ts";
import { type JsonObject, isObject, textField } from "./fields.ts";
import { decodeSigned } from "./signed.ts";

/**
 * One Kombu message as it lies in a list or passes a channel: the same outer form for tasks, events and remote control.
 * Nothing in it is required here; `workerEffect` says what a worker needs.
 */
export type Envelope = {
  /** The message exactly as it was read. */
  raw: string;
  /** As Kombu's transport wrote it: base64 as a rule; null when there is none. */
  body: string | null;
  contentType: string | null;
  contentEncoding: string | null;
  /** Null when the message has none, which is not the same as empty. Integers beyond 2^53 are rounded. */
  headers: JsonObject | null;
  /** Null when the message has none. */
  properties: JsonObject | null;
};

/** Fails where Kombu's transport fails at once: no JSON object, or a part of another type than it reads. */
export function decodeEnvelope(text: string): Decoded<Envelope> {
  const json = parsePlainJson(text);
  if (!json.ok) return undecodable(`the message is ${json.reason}`);
  if (!isObject(json.value)) return undecodable("the message is no JSON object");
  const { body = null, headers = null, properties } = json.value;
  if (body !== null && typeof body !== "string") return undecodable("the message's body is no text");
  if (headers !== null && !isObject(headers)) return undecodable("the message's headers are no object");
  if (properties !== undefined && !isObject(properties)) return undecodable("the message's properties are no object");
  return decoded({
    raw: text,
    body,
    contentType: textField(json.value["content-type"]),
    contentEncoding: textField(json.value["content-encoding"]),
    headers,
    properties: properties ?? null,
  });
}

/** How much a body may grow when it is decompressed, in bytes. */
export type BodyLimits = { maxBytes: number };

export const DEFAULT_BODY_LIMITS: BodyLimits = { maxBytes: 32 * 1024 * 1024 };

/** The bytes that the serializer wrote: without the transport's base64 and without compression. */
export function bodyBytes(envelope: Envelope, limits: BodyLimits = DEFAULT_BODY_LIMITS): Decoded<Uint8Array> {
  if (envelope.body === null) return undecodable("the message has no body");
  const encoding = envelope.properties?.["body_encoding"] ?? null;
  const bytes = transportBytes(envelope.body, encoding);
  if (!bytes.ok) return bytes;
  const compression = envelope.headers?.["compression"] ?? null;
  if (compression === null) return bytes;
  if (typeof compression !== "string") return undecodable("the header compression is no text");
  return decompress(compression, bytes.value, limits.maxBytes);
}

/** The value in the body. A signed body is read without checking its signature; `decodeSigned` can check it. */
export function decodeBody(envelope: Envelope, limits: BodyLimits = DEFAULT_BODY_LIMITS): Decoded<Value> {
  const payload = bodyPayload(envelope, limits);
  if (!payload.ok) return payload;
  return decodeSerialized(payload.value.contentType, payload.value.contentEncoding, payload.value.bytes);
}

export type BodyPayload = { contentType: string; contentEncoding: string | undefined; bytes: Uint8Array };

/** The serialized body with the type that tells how to read it; a signed one is unwrapped. */
export function bodyPayload(envelope: Envelope, limits: BodyLimits = DEFAULT_BODY_LIMITS): Decoded<BodyPayload> {
  const bytes = bodyBytes(envelope, limits);
  if (!bytes.ok) return bytes;
  const { contentType, contentEncoding } = envelope;
  if (contentType === null) return undecodable("the message has no content-type");
  if (!isSigned(envelope)) {
    return decoded({ contentType, contentEncoding: contentEncoding ?? undefined, bytes: bytes.value });
  }
  const signed = decodeSigned(bytes.value);
  if (!signed.ok) return signed;
  const { contentType: type, contentEncoding: encoding, body } = signed.value;
  return decoded({ contentType: type, contentEncoding: encoding, bytes: body });
}

/** Whether the body was written by the `auth` serializer; raw bytes share its type but are `binary`. */
export function isSigned(envelope: Envelope): boolean {
  return envelope.contentType === "application/data" && envelope.contentEncoding?.toLowerCase() === "utf-8";
}

/** Undoes the transport's encoding of a body (Kombu: `base64`, and `utf-8` since 5.4; without one the text is the body). */
export function transportBytes(body: string, encoding: unknown): Decoded<Uint8Array> {
  if (encoding === null || encoding === "utf-8") return decoded(Buffer.from(body, "utf8"));
  if (encoding !== "base64") return undecodable("the property body_encoding is neither base64 nor utf-8");
  // Python skips what is not of the alphabet (the URL-safe characters too) and then insists on whole groups of four.
  const clean = body.replace(/[^A-Za-z0-9+/=]+/g, "");
  const end = clean.indexOf("=");
  const digits = end < 0 ? clean.length : end;
  const padding = end < 0 ? 0 : clean.length - end;
  const wanted = (4 - (digits % 4)) % 4;
  if (wanted === 3 || padding < wanted) return undecodable("the body is not valid base64");
  return decoded(Buffer.from(end < 0 ? clean : clean.slice(0, end), "base64"));
}
