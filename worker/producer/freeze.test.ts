import { expect, test } from "vitest";
import { freeze, prepareSteps, sizeOf } from "./freeze.ts";
import {
  type Signature,
  chainSignature,
  chordSignature,
  groupSignature,
  readSignature,
  signatureValue,
  taskSignature,
} from "./signature.ts";

const task = (name: string) => taskSignature(name, { args: [1] });

/** A signature's structure in short: `a`, `(a | b)`, `[a, b]`, `[a, b] -> c`. */
function shape(signature: Signature): string {
  switch (signature.kind) {
    case "chain":
      return `(${signature.tasks.map(shape).join(" | ")})`;
    case "group":
      return `[${signature.tasks.map(shape).join(", ")}]`;
    case "chord":
      return `${signature.header === null ? "" : shape(signature.header)} -> ${signature.body === null ? "" : shape(signature.body)}`;
    default:
      return signature.task;
  }
}

const [a, b, c, d] = ["a", "b", "c", "d"].map(task) as [Signature, Signature, Signature, Signature];

test.each<[Signature[], string[]]>([
  [
    [a, b, c],
    ["a", "b", "c"],
  ],
  [
    [a, chainSignature([b, c]), d],
    ["a", "b", "c", "d"],
  ],
  [
    [a, groupSignature([b, c])],
    ["a", "[b, c]"],
  ],
  [[groupSignature([a, b]), c], ["[a, b] -> c"]],
  [
    [groupSignature([a, b]), c, d],
    ["[a, b] -> c", "d"],
  ],
  [
    [a, groupSignature([b]), c],
    ["a", "b", "c"],
  ],
  [[groupSignature([a, b]), groupSignature([c, d])], ["[a, b] -> [c, d]"]],
  [
    [chordSignature(groupSignature([a, b]), chainSignature([c, d])), a],
    ["[a, b] -> c", "d", "a"],
  ],
  [[groupSignature([]), a], ["a"]],
])("the steps of a chain, case %#", (tasks, steps) => {
  const prepared = prepareSteps(tasks, { args: [], errbacks: [] });
  expect(prepared.map(({ step }) => shape(step)).reverse()).toEqual(steps);
});

test("the end of a chain has the chain's id and place, whatever it is", () => {
  for (const tasks of [
    [a, b],
    [groupSignature([a, c]), b],
  ]) {
    const result = freeze(chainSignature(tasks), { id: "end", groupId: "g", groupIndex: 3 });
    expect(result.id).toBe("end");
  }
  const [last] = prepareSteps([groupSignature([a, c]), b], { args: [], errbacks: [], id: "end", groupId: "g", groupIndex: 3 });
  expect(Object.fromEntries(last?.step.body?.options ?? [])).toMatchObject({ task_id: "end", group_id: "g", group_index: 3 });
});

test("members of a chord carry its body, with the id under which its result will be found", () => {
  const chord = chordSignature(groupSignature([a, b]), c);
  const result = freeze(chord);
  for (const member of chord.header?.tasks ?? []) {
    const body = readSignature(member.options.get("chord"));
    expect([body?.task, body?.options.get("task_id")]).toEqual(["c", result.id]);
  }
  expect(chord.header?.tasks.map((member) => member.options.get("group_index"))).toEqual([0, 1]);
});

test("a result knows what it came after, a chord's body its header", () => {
  const [last] = prepareSteps([a, groupSignature([b, c]), d], { args: [], errbacks: [] });
  const header = last?.result.parent;
  expect(header?.members?.length).toBe(2);
  expect(header?.parent).toMatchObject({ parent: null, members: null });
});

test("ids once given stay", () => {
  const chain = chainSignature([a, groupSignature([b, c]), d]);
  const first = freeze(chain);
  expect(freeze(chain).id).toBe(first.id);
});

test("what counts in a chord's header", () => {
  expect(sizeOf(groupSignature([a, groupSignature([b, c]), chainSignature([a, b]), chordSignature(groupSignature([a, b]), d)]))).toBe(5);
  expect(sizeOf(chainSignature([a, groupSignature([b, c])]))).toBe(2);
});

test("a signature comes back from the wire as it was", () => {
  const signature = chordSignature(groupSignature([a, chainSignature([b, c])]), d, new Map([["queue", "q"]]));
  const read = readSignature(signatureValue(signature));
  expect(read === null ? null : signatureValue(read)).toEqual(signatureValue(signature));
});
