/**
 * A name as a part of an address. Names come from the broker and may hold half a surrogate pair, which no address can: it is
 * replaced, and such a link finds nothing, but the list that it stands in is shown.
 */
export function inAddress(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
