import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Binding, guessExchangeType, matchQueues, nodeNames, parseBinding } from "./binding.ts";
import { RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { patternMatcher } from "./topic-pattern.ts";

const SEP = "\x06\x16";

function bindings(members: readonly unknown[]): Binding[] {
  return members.map((member) => {
    const binding = parseBinding(String(member), SEP);
    if (!binding.ok) throw new Error(binding.reason);
    return binding.value;
  });
}

type TopicVectors = { vectors: { binding_key: string; pattern: string; matches: string[]; tried: string[] }[] };

describe("topic patterns", () => {
  test.each(RELEASES)("match the routing keys that Kombu of %s matched", (release) => {
    for (const { pattern, matches, tried } of recorded<TopicVectors>(release, "vectors-topic").vectors) {
      expect(tried.filter(patternMatcher(pattern)), pattern).toEqual(matches);
    }
  });

  test("agree with the regular expression itself", () => {
    const word = fc.constantFrom("a", "b-c", "d_e", "*", "#", "é", "");
    const key = fc.array(fc.constantFrom("a", "b-c", "d_e", "é", "x", ""), { maxLength: 5 }).map((words) => words.join("."));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), key, fc.boolean(), (words, routingKey, current) => {
        const star = current ? "[^\\.]+" : ".*?[^\\.]";
        const escape = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "\\$&");
        const parts = words.map((text) => (text === "*" ? star : text === "#" ? ".*?" : escape(text)));
        const pattern = `^${parts.join("\\.")}$`;
        expect(patternMatcher(pattern)(routingKey)).toBe(new RegExp(pattern).test(routingKey));
      }),
    );
  });

  test("an expression that Kombu never writes matches nothing and costs nothing", () => {
    expect(patternMatcher("^(a+)+$")("a".repeat(100_000))).toBe(false);
    expect(patternMatcher("a")("a")).toBe(false);
    expect(patternMatcher("^.*?.*?.*?.*?.*?.*?x$")("a".repeat(20_000))).toBe(false);
  });
});

test.each(RELEASES)("a message of %s goes to the queues of its bindings", (release) => {
  const { keys } = findIn(recorded(release, "queue-exchanges"));
  const table = (exchange: string) => {
    const found = keys.find(({ key }) => key === `_kombu.binding.${exchange}`);
    return bindings(Array.isArray(found?.value) ? found.value : []);
  };
  expect(matchQueues(table("ex-direct"), "rk")).toEqual(["q-direct"]);
  expect(matchQueues(table("ex-direct"), "other")).toEqual([]);
  expect(guessExchangeType("ex-direct", table("ex-direct"))).toBe("direct");
  expect(matchQueues(table("ex-topic"), "news.sport").sort()).toEqual(["q-topic", "q-topic2"]);
  expect(matchQueues(table("ex-topic"), "x.sport")).toEqual(["q-topic2"]);
  expect(guessExchangeType("ex-topic", table("ex-topic"))).toBe("topic");
});

test("a binding that a mixed fleet wrote in two forms delivers once", () => {
  const members = [`a.*${SEP}^a\\..*?[^\\.]$${SEP}q`, `a.*${SEP}^a\\.[^\\.]+$${SEP}q`];
  expect(matchQueues(bindings(members), "a.b")).toEqual(["q"]);
});

test("a fanout exchange is known by what only fanout tables hold", () => {
  const guess = (exchange: string, member: string) => guessExchangeType(exchange, bindings([member]));
  expect(guess("celery.pidbox", `${SEP}${SEP}w1@node1.celery.pidbox`)).toBe("fanout");
  expect(guess("celeryev", `worker.#${SEP}${SEP}celeryev.1a2b`)).toBe("fanout");
  expect(guess("news", `celery${SEP}${SEP}bcast.1a2b`)).toBe("fanout");
  expect(guess("dagster", `dagster.#${SEP}${SEP}dagster`)).toBe("direct");
  expect(guessExchangeType("none", [])).toBe("direct");
});

test("the nodes are the owners of pidbox queues, beat among them", () => {
  const members = [`${SEP}${SEP}w1@node1.celery.pidbox`, `${SEP}${SEP}celerybeat@host.celery.pidbox`, `${SEP}${SEP}.celery.pidbox`];
  expect(nodeNames(bindings(members), "celery.pidbox")).toEqual(["w1@node1", "celerybeat@host"]);
});

test("a member is three parts", () => {
  expect(parseBinding("a", SEP)).toEqual({ ok: false, reason: "a binding has 3 parts, this has 1" });
  const member = `news.#${SEP}^news\\..*?$${SEP}q-topic`;
  expect(bindings([member])).toEqual([{ routingKey: "news.#", pattern: "^news\\..*?$", queue: "q-topic" }]);
});
