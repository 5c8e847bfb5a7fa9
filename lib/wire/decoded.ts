/** What a codec returns: a value, or why the bytes could not be read. Codecs never throw on input. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string };

export function decoded<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

export function undecodable(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
