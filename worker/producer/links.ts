import type { Value } from "../../lib/wire/python/value.ts";
import { type Signature, cloneSignature, readSignature, signatureValue, signaturesIn } from "./signature.ts";

/** Adds to the signatures under `link` or `link_error`, each once. */
export function addLinks(signature: Signature, option: "link" | "link_error", links: readonly Value[]): void {
  if (links.length === 0) return;
  const all = [...signaturesIn(signature.options.get(option)), ...links];
  signature.options.set(option, [...new Map(all.map((link) => [JSON.stringify(link), link])).values()]);
}

/** `link`: of a chord it is the body that calls back, of a group its first member, whose result says nothing about the others'. */
export function linkTo(signature: Signature, callback: Signature): void {
  const [first] = signature.tasks;
  if (signature.kind === "chord" && signature.body !== null) linkTo(signature.body, callback);
  else if (signature.kind === "group" && first !== undefined) linkTo(first, { ...cloneSignature(callback), immutable: true });
  else addLinks(signature, "link", [signatureValue(callback)]);
}

/** `link_error`: of a group each member calls them, of a chord the body and those of chords in its header. */
export function linkErrors(signature: Signature, errbacks: readonly Value[]): void {
  if (errbacks.length === 0) return;
  const { kind, tasks, header, body } = signature;
  if (kind === "group") for (const task of tasks) linkErrors(task, errbacks);
  else if (kind === "chord" && body !== null) {
    for (const task of header?.tasks ?? []) if (task.kind === "chord") linkErrors(task, errbacks);
    linkErrors(body, errbacks);
  } else addLinks(signature, "link_error", errbacks);
}

/** What is linked to a chord when it is sent goes to its body, never to its header (Celery 5.7, `_chord._add_body_callbacks`). */
export function linkToBody(body: Signature, callbacks: readonly Value[], errbacks: readonly Value[]): void {
  for (const value of callbacks) {
    const callback = readSignature(value);
    if (callback !== null) linkTo(body, callback);
  }
  for (const errback of errbacks) {
    if (body.kind === "group") linkErrorToMembers(body, errback, true);
    else addLinks(body, "link_error", [errback]);
  }
}

/** A group that is sent as one and has errbacks of its own gives them to its members in place of theirs. */
function linkErrorToMembers(signature: Signature, errback: Value, isSentAsOne: boolean): void {
  const { kind, tasks, body, options } = signature;
  if (kind === "group") {
    if (isSentAsOne && options.get("link_error") != null) addLinks(signature, "link_error", [errback]);
    else for (const task of tasks) linkErrorToMembers(task, errback, false);
  } else if (kind === "chord" && body !== null) linkErrorToMembers(body, errback, true);
  else linkErrors(signature, [errback]);
}
