import { type Decoded, decoded, undecodable } from "./decoded.ts";

/** Thrown where a codec finds that it cannot go on, and turned into a reason at the codec's edge. */
class Refused extends Error {}

/** Ends the codec with a reason. The reason never quotes the input, which may be secret. */
export function refuse(reason: string): never {
  throw new Refused(reason);
}

export function orRefused<T>(work: () => T): Decoded<T> {
  try {
    return decoded(work());
  } catch (error) {
    if (error instanceof Refused) return undecodable(error.message);
    throw error;
  }
}
