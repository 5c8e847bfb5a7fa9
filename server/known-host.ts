import { isIP } from "node:net";

/**
 * Whether a request was sent to a name of ours. A page of any site can have its own name resolved to this machine (DNS
 * rebinding), and its scripts may then read every answer, as being of the same origin; but its name stays in Host, which no
 * page can change. An address is nobody's to redirect, and what sends no Host is no browser.
 *
 * @param names in small letters; null for every name
 */
export function isKnownHost(host: string | undefined, names: readonly string[] | null): boolean {
  if (names === null || host === undefined) return true;
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  return isIP(name) !== 0 || names.includes(name);
}
