import type { RerunDraft } from "../contract/task.ts";
import type { Task } from "../model/task.ts";
import type { Account } from "./arguments.ts";

/** What a rerun would send, from the most trusted account that tells the arguments whole. `accounts` as `accountsOf` sorts them. */
export function draftOf(task: Task, accounts: readonly Account[]): RerunDraft {
  const message = accounts.find((account) => account.message !== null)?.message ?? null;
  const chosen = accounts.find(({ json }) => json.ok);
  const json = chosen?.json.ok === true ? chosen.json.value : null;
  return {
    id: task.id,
    // Events call a task by the name that it shows, which its message may have set apart from the name that workers know.
    name: message?.name ?? task.name ?? null,
    queue: task.queue ?? null,
    priority: message?.priority ?? task.priority ?? null,
    args: json?.args ?? null,
    kwargs: json?.kwargs ?? null,
    source: chosen?.source ?? null,
    reason: chosen === undefined ? whyNone(accounts) : `${from(chosen)}${notCarried(chosen)}`,
  };
}

function from({ source }: Account): string {
  switch (source) {
    case "queue":
    case "unacked":
      return "The arguments are those of its message.";
    case "result":
      return "Its message is gone; the arguments are those that were stored with its result.";
    case "operator":
      return "The arguments are those with which an operator sent it.";
    case "inspect":
      return "Its message is gone; the arguments are those that its worker told.";
    default:
      return "Its message is gone; the arguments are read from their Python text, which tells them exactly.";
  }
}

function notCarried({ message }: Account): string {
  if (message === null) return "";
  const { chain, chord, callbacks, errbacks } = message;
  const parts = [
    ...(chain.length > 0 ? ["the rest of its chain"] : []),
    ...(chord === null ? [] : ["its chord"]),
    ...(callbacks.length + errbacks.length > 0 ? ["its callbacks"] : []),
  ];
  return parts.length === 0 ? "" : ` Not sent again: ${parts.join(", ")}.`;
}

function whyNone([best]: readonly Account[]): string {
  if (best === undefined || best.json.ok) return "Nothing told its arguments.";
  return `The arguments are not known whole: ${best.json.reason}.`;
}
