import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis, disconnect } from "../../lib/redis.ts";
import { type RedisServer, withRedis } from "../../lib/testing/redis-server.ts";
import type { AnyResult } from "../results/any-result.ts";
import { GroupResult } from "../results/group-result.ts";
import { sumsApplication } from "../testing/sums.ts";
import { recordedCanvases } from "./testing/recorded.ts";
import { toldCanvas, toldOptions } from "./testing/told-canvas.ts";

describe("a canvas is sent as Celery 5.7 sends it", () => {
  let server: RedisServer;
  let broker: Redis;
  let results: Redis;
  let app: ReturnType<typeof sumsApplication>["app"];

  beforeAll(async () => {
    server = await withRedis();
    broker = connectRedis(`${server.url}/0`, { name: "test" });
    results = connectRedis(`${server.url}/1`, { name: "test" });
    ({ app } = sumsApplication(server.url, "celery"));
  });

  afterAll(async () => {
    app.close();
    disconnect(broker);
    disconnect(results);
    await server.stop();
  });

  test.each(recordedCanvases().map((recorded) => [JSON.stringify([recorded.canvas, recorded.options]), recorded] as const))(
    "%s",
    async (_name, recorded) => {
      await broker.flushall();
      const named = (name: string) => app.remoteTask(`sums.${name}`);
      const result = await toldCanvas(recorded.canvas, named).apply(toldOptions(recorded.options, named));
      const seen = plain({ result: asTuple(result), sent: await sent() });
      expect(readable(seen.sent)).toEqual(readable(recorded.sent));
      expect(seen.result).toEqual(recorded.result);
    },
  );

  async function sent(): Promise<string[][]> {
    const lines: string[][] = [];
    for (const key of (await broker.keys("*")).sort()) {
      if (key.startsWith("_kombu")) continue;
      for (const text of (await broker.lrange(key, 0, -1)).reverse()) {
        const [, body = ""] = /^\{"body": "([^"]*)", /.exec(text) ?? [];
        lines.push([key, text.replace(/^\{"body": "[^"]*", /, "{"), Buffer.from(body, "base64").toString()]);
      }
    }
    for (const key of (await results.keys("*")).sort()) lines.push([key, (await results.get(key)) ?? ""]);
    return lines;
  }
});

function asTuple(result: AnyResult): unknown {
  const parent = result.parent === null ? null : asTuple(result.parent);
  return [[result.id, parent], result instanceof GroupResult ? result.members.map(asTuple) : null];
}

/** Without what chance, the clock and the language decide: ids are numbered as they appear, stamps sorted. */
function plain(seen: { result: unknown; sent: string[][] }): { result: unknown; sent: string[][] } {
  const ids = new Map<string, string>();
  const number = (found: string) => {
    if (found.includes("T")) return "<time>";
    ids.set(found, ids.get(found) ?? `id${ids.size + 1}`);
    return ids.get(found) ?? "";
  };
  const text = JSON.stringify(seen)
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+(?:\+00:00|Z)/g, number)
    .replace(/\\"origin\\": \\"[^"]*\\"/g, '\\"origin\\": \\"\\"')
    .replaceAll('\\"lang\\": \\"js\\"', '\\"lang\\": \\"py\\"')
    .replace(/(\\"stamps\\": )(\{[^{}]*\})/g, (_found, name: string, stamps: string) => {
      const sorted = Object.entries<unknown>(JSON.parse(stamps.replaceAll('\\"', '"'))).sort(([a], [b]) => (a < b ? -1 : 1));
      const texts = sorted.map(([stamp, value]) => JSON.stringify(stamp) + ": " + JSON.stringify(value).replaceAll(",", ", "));
      return name + `{${texts.join(", ")}}`.replaceAll('"', '\\"');
    })
    .replace(/(\\"stamped_headers\\": )(\[[^\]]*\])/g, (_found, name: string, list: string) => {
      const names: string[] = JSON.parse(list.replaceAll('\\"', '"'));
      return (
        name +
        `[${names
          .sort()
          .map((stamp) => `\\"${stamp}\\"`)
          .join(", ")}]`
      );
    });
  return JSON.parse(text);
}

/** Parts of the messages on lines of their own, what was written for results in the order of its new names. */
function readable(sent: string[][]): string[] {
  const messages = sent.filter((line) => line.length === 3);
  const written = sent
    .filter((line) => line.length === 2)
    .map(([key = "", text = ""]) => `${key} ${key.endsWith(".s") ? text : savedGroup(text)}`);
  return [...messages.flat(), ...written.sort()].flatMap((part) => part.split(/(?<=[,{[]) /));
}

type Tuple = [[id: string, parent: unknown], members: Tuple[] | null];

/** Without what came before the members: nobody asks for it, and Celery names groups there that it never sends. */
function savedGroup(text: string): string {
  const withoutParents = ([[id], members]: Tuple): unknown => [id, members?.map(withoutParents)];
  const { result }: { result: Tuple } = JSON.parse(text);
  return JSON.stringify(withoutParents(result));
}
