import { expect, expectTypeOf, test } from "vitest";
import { listOf, textsOf } from "../../lib/wire/celery/value-fields.ts";
import { Task } from "../producer/task.ts";
import { type Signature, readSignature, signaturesIn } from "../producer/signature.ts";
import type { AnyResult } from "../results/any-result.ts";
import type { AsyncResult } from "../results/async-result.ts";
import type { GroupResult } from "../results/group-result.ts";
import type { Canvas } from "./canvas.ts";
import { chain } from "./chain.ts";
import { chord, group } from "./group.ts";

const send = () => Promise.reject(new Error("nothing is sent here"));
const add = new Task<[x: number, y: number], number>("add", send);
const total = new Task<[numbers: number[]], number>("total", send);
const text = new Task<[value: unknown, radix?: number], string>("text", send);

/** A signature's structure in short: `a`, `(a | b)`, `[a, b]`, `[a, b] -> c`. */
function shape(signature: Signature): string {
  const members = signature.tasks.map(shape);
  if (signature.kind === "chain") return `(${members.join(" | ")})`;
  if (signature.kind === "group") return `[${members.join(", ")}]`;
  if (signature.kind === "chord")
    return `${signature.header === null ? "" : shape(signature.header)} -> ${signature.body === null ? "" : shape(signature.body)}`;
  return signature.task;
}

test.each<[Canvas, string]>([
  [chain(add.s(1, 1), text.s()), "(add | text)"],
  [chain(add.s(1, 1), chain(add.s(1), text.s())), "(add | add | text)"],
  [chain(group(add.s(1, 1), add.s(2, 2)), total.s()), "[add, add] -> total"],
  [chain(add.s(1, 1), group(add.s(1), add.s(2)), total.s(), text.s()), "(add | [add, add] -> (total | text))"],
  [chain(group(add.s(1, 1), add.s(2, 2)), group(text.s(), text.s())), "[add, add] -> [text, text]"],
  [chain(chord([add.s(1, 1)], total.s()), text.s()), "([add] -> (total | text))"],
  [chain(add.s(1, 1), group(add.s(1)), text.s()), "(add | add | text)"],
  [chain(group(), add.s(1, 1)), "(add)"],
  [chord(group(add.s(1, 1), add.s(2, 2)), total.s()), "[add, add] -> total"],
])("canvas %#", (canvas, expected) => {
  expect(shape(canvas)).toBe(expected);
});

const handle = <Handle extends AnyResult>(_canvas: Canvas<Handle>) => expectTypeOf<Handle>();

test("a result has the type of what the canvas ends in", () => {
  handle(chain(add.s(1, 1), text.s())).toEqualTypeOf<AsyncResult<string>>();
  handle(group(add.s(1, 1), text.s(1))).toEqualTypeOf<GroupResult<[number, string]>>();
  handle(chain(add.s(1, 1), group(add.s(1), text.s()))).toEqualTypeOf<GroupResult<[number, string]>>();
  handle(chain(add.s(1, 1), group(add.s(1)))).toEqualTypeOf<AsyncResult<number>>();
  handle(chord([add.s(1, 1), add.s(2, 2)], total.s())).toEqualTypeOf<AsyncResult<number>>();
  handle(group(group(add.s(1, 1)), text.s(1))).toEqualTypeOf<GroupResult<[[number], string]>>();
  handle(add.starmap([[1, 2]])).toEqualTypeOf<AsyncResult<number[]>>();
  handle(add.chunks([[1, 2]], 2)).toEqualTypeOf<GroupResult<number[][]>>();
});

test("a call may leave its first arguments to what comes before it", () => {
  expectTypeOf<Parameters<(typeof add)["s"]>>().toEqualTypeOf<[x: number, y: number] | [y: number] | []>();
  expectTypeOf<Parameters<(typeof add)["si"]>>().toEqualTypeOf<[x: number, y: number]>();
  // @ts-expect-error a text is no number
  expect(add.s("2").args).toEqual(["2"]);
});

test("what is put into a canvas can be changed afterwards without changing it", () => {
  const member = add.s(1, 1);
  const canvases = [chain(member, text.s()), group(member), chord([member], total.s())];
  member.set({ queue: "late" }).args.push(7);
  expect(JSON.stringify(canvases.map(parts))).not.toMatch(/late|7/);
});

function parts({ tasks, header, body }: Signature): unknown {
  return [...tasks, ...(header === null ? [] : [header]), ...(body === null ? [] : [body])].map(({ args, options, ...rest }) => [
    args,
    [...options],
    parts({ args, options, ...rest }),
  ]);
}

const linked = (signature: Signature | null | undefined, option: "link" | "link_error") =>
  signaturesIn(signature?.options.get(option)).map((link) => readSignature(link)?.task);

test("what is linked is linked to where its result comes from", () => {
  const [done, failed] = [text.s(), text.s()];
  const ofGroup = group(add.s(1, 1), add.s(2, 2)).link(done).linkError(failed);
  expect(ofGroup.tasks.map((task) => [linked(task, "link"), linked(task, "link_error")])).toEqual([
    [["text"], ["text"]],
    [[], ["text"]],
  ]);
  const ofChord = chord([add.s(1, 1)], total.s())
    .link(done)
    .linkError(failed, failed);
  expect([linked(ofChord, "link"), linked(ofChord.body, "link"), linked(ofChord.body, "link_error")]).toEqual([[], ["text"], ["text"]]);
  expect(linked(chain(add.s(1, 1), add.s(2)).link(done), "link")).toEqual(["text"]);
});

test("immutable is each member of a group and of a chord's header", () => {
  expect(group(add.s(1, 1)).set({ immutable: true }).tasks[0]?.immutable).toBe(true);
  const header = chord([add.s(1, 1)], total.s()).set({ immutable: true });
  expect([header.header?.tasks[0]?.immutable, header.body?.immutable]).toEqual([true, false]);
});

test("stamps go to everything but the bodies of chords, and to what is linked by then", () => {
  const stamped = chain(add.s(1, 1).link(text.s()), group(add.s(1), add.s(2)), total.s())
    .stamp({ monitor: "m1" })
    .stamp({ monitor: "m2", list: ["a"] });
  const stampsOf = (signature: Signature | null | undefined) =>
    Object.fromEntries(textsOf(signature?.options.get("stamped_headers")).map((name) => [name, signature?.options.get(name)]));
  const all = { monitor: "m2", list: ["a"] };
  const [first, fork] = stamped.tasks;
  expect([stampsOf(first), stampsOf(readSignature(listOf(first?.options.get("link"))?.[0]))]).toEqual([all, all]);
  expect([fork?.header?.tasks.map(stampsOf), stampsOf(fork?.body)]).toEqual([[all, all], {}]);
});

test("a canvas without any task cannot send itself", async () => {
  await expect(group().apply()).rejects.toMatchObject({ code: "bad-input" });
});
