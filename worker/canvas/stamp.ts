import { listOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { type Signature, readSignature, signatureValue, signaturesIn } from "../producer/signature.ts";

type Stamps = ReadonlyMap<string, Value>;

/**
 * Puts marks on a signature, on what is in it and on what is linked to it (Celery 5.7, `Signature.stamp` without a visitor). A mark
 * that is there already gives way, lists are joined. The body of a chord stays without.
 */
export function stamp(signature: Signature, stamps: Stamps): void {
  const { kind } = signature;
  const members = kind === "chord" ? (signature.header?.tasks ?? []) : kind === "chain" || kind === "group" ? signature.tasks : null;
  if (members === null) {
    stampLinks(signature, stamps);
    for (const [name, value] of withOwn(signature, stamps)) signature.options.set(name, value);
    return;
  }
  const inherited = withOwn(signature, stamps);
  stampLinks(signature, inherited);
  for (const member of members) stamp(member, inherited);
}

function stampLinks({ options }: Signature, stamps: Stamps): void {
  for (const name of ["link", "link_error"]) {
    if (!options.has(name)) continue;
    const links = signaturesIn(options.get(name)).map((value) => {
      const link = readSignature(value);
      if (link === null) return value;
      stamp(link, named(stamps));
      return signatureValue(link);
    });
    options.set(name, links);
  }
}

/** With the list of their names, which says that they are stamps and no options. */
function named(stamps: Stamps): Map<string, Value> {
  return stamps.has("stamped_headers") ? new Map(stamps) : new Map([...stamps, ["stamped_headers", [...stamps.keys()]]]);
}

function withOwn({ options }: Signature, given: Stamps): Map<string, Value> {
  const stamps = named(given);
  const names = new Set([...signaturesIn(stamps.get("stamped_headers")), ...signaturesIn(options.get("stamped_headers"))]);
  stamps.set("stamped_headers", [...names]);
  for (const [name, own] of options) {
    if (!names.has(name)) continue;
    const [ours, theirs] = [listOf(stamps.get(name)), listOf(own)];
    if (!stamps.has(name)) stamps.set(name, own);
    else if (ours !== null && theirs !== null) stamps.set(name, [...ours, ...theirs]);
  }
  return stamps;
}
