import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { patternMatcher } from "./topic-pattern.ts";

/** A member of an exchange's binding table: which messages of the exchange go to which queue. */
export type Binding = {
  routingKey: string;
  /** Regular expression of a topic binding, as Kombu stored it; empty for direct and fanout exchanges. */
  pattern: string;
  queue: string;
};

export function parseBinding(member: string, sep: string): Decoded<Binding> {
  const parts = member.split(sep);
  const [routingKey, pattern, queue] = parts;
  if (routingKey === undefined || pattern === undefined || queue === undefined || parts.length !== 3) {
    return undecodable(`a binding has 3 parts, this has ${parts.length}`);
  }
  return queue === "" ? undecodable("a binding names no queue") : decoded({ routingKey, pattern, queue });
}

export type ExchangeType = "direct" | "topic" | "fanout";

/**
 * The type of an exchange, which its table does not state: a member with a pattern makes it topic. Fanout is a guess from
 * what only fanout tables hold: no routing key at all, Kombu's own names for the queues of a broadcast, or an event
 * receiver's wildcard that never became a pattern.
 */
export function guessExchangeType(exchange: string, bindings: readonly Binding[]): ExchangeType {
  if (bindings.some((binding) => binding.pattern !== "")) return "topic";
  const fanout = bindings.some(
    ({ routingKey, queue }) =>
      routingKey === "" || queue.startsWith("bcast.") || (/[#*]/.test(routingKey) && queue.startsWith(`${exchange}.`)),
  );
  return fanout ? "fanout" : "direct";
}

/**
 * The queues that a message with this routing key is pushed to, each once: in a mixed fleet the same topic binding stands
 * in the table in two forms. An empty list means that the message is dropped. Not for fanout exchanges.
 */
export function matchQueues(bindings: readonly Binding[], routingKey: string): string[] {
  const queues = new Set<string>();
  for (const binding of bindings) {
    const matches = binding.pattern === "" ? binding.routingKey === routingKey : patternMatcher(binding.pattern)(routingKey);
    if (matches) queues.add(binding.queue);
  }
  return [...queues];
}

/** Node names among the members of the remote control exchange's table. Stale after a kill; beat can be one (5.7). */
export function nodeNames(bindings: readonly Binding[], controlExchange: string): string[] {
  const suffix = `.${controlExchange}`;
  const names = bindings
    .filter(({ queue }) => queue.endsWith(suffix) && queue.length > suffix.length)
    .map(({ queue }) => queue.slice(0, -suffix.length));
  return [...new Set(names)];
}
