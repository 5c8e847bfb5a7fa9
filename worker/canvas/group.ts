import { chordSignature, cloneSignature, groupSignature } from "../producer/signature.ts";
import type { AnyResult } from "../results/any-result.ts";
import type { GroupResult } from "../results/group-result.ts";
import { Canvas, type ResultOf } from "./canvas.ts";

/** Members that run at the same time; the result has theirs in order. */
export function group<const Members extends readonly Canvas[]>(
  ...members: Members
): Canvas<GroupResult<{ -readonly [At in keyof Members]: ResultOf<Members[At]> }>> {
  return new Canvas(groupSignature(members.map(cloneSignature)), Canvas.sendOf(members));
}

/** A group, and a body that gets the list of its results when all members have succeeded. */
export function chord<Handle extends AnyResult>(header: readonly Canvas[] | Canvas<GroupResult>, body: Canvas<Handle>): Canvas<Handle> {
  const isList = !(header instanceof Canvas);
  const tasks = (isList ? header : header.tasks).map(cloneSignature);
  return new Canvas(
    chordSignature(groupSignature(tasks), cloneSignature(body)),
    Canvas.sendOf(isList ? [...header, body] : [header, body]),
  );
}
