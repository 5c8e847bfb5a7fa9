import fc from "fast-check";
import type { Event, Facts, Payload } from "../model/event.ts";
import { EVENT_TYPES, FACTS, type FactKind, FORMS, keysOf, SOURCES } from "../log/facts.ts";

// Any event that the types allow, for property tests of what stores and reads them.

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "\ud800", "a\udc00b", "__proto__", "\0"),
);
const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  fc.uuid().map((uuid) => uuid.replaceAll("-", "_")),
  text,
);
const time = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.integer({ min: 0, max: 4e15 }).map((us) => us / 1000),
  fc.double({ noNaN: true }),
);
const count = fc.oneof(fc.nat(100), fc.maxSafeInteger(), fc.double({ noNaN: true }));

const VALUE_OF_KIND = { word: text, id, time, duration: time, count, clock: count } satisfies Record<FactKind, unknown>;

const facts: fc.Arbitrary<Facts> = fc
  .record(Object.fromEntries(keysOf(FACTS).map((name) => [name, VALUE_OF_KIND[FACTS[name][1]]])), { requiredKeys: [] })
  .map((record) => ({ ...record }));

const cut = fc.dictionary(text, fc.record({ length: fc.nat(), hash: text }, { noNullPrototype: true }), { noNullPrototype: true });

const payload: fc.Arbitrary<Payload> = fc.record(
  {
    args: text,
    kwargs: text,
    argsForm: fc.constantFrom(...FORMS),
    result: text,
    resultForm: fc.constantFrom(...FORMS),
    exception: text,
    traceback: text,
    raw: text,
    children: fc.array(id, { maxLength: 4 }),
    data: text,
    cut,
  },
  { requiredKeys: [], noNullPrototype: true },
);

const rest = fc.record(
  { at: time, seenAt: time, source: fc.constantFrom(...keysOf(SOURCES)), inferred: fc.boolean(), payload },
  { requiredKeys: ["at", "seenAt", "source"], noNullPrototype: true },
);

const types = keysOf(EVENT_TYPES);

/** Any event at all, likely or not: odd ids, lone surrogates, huge and negative numbers, but no NaN. */
export const arbitraryEvent: fc.Arbitrary<Event> = fc.tuple(fc.constantFrom(...types), id, facts, rest).map(
  ([type, task, some, others]) =>
    ({
      ...some,
      worker: some.worker ?? "w",
      queue: some.queue ?? "q",
      ...others,
      ...(type.startsWith("task.") ? { task } : {}),
      type,
    }) as Event,
);
