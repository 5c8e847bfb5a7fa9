import {
  FLAG_EXHAUSTED,
  FLAG_EXPIRED,
  FLAG_REQUEUED,
  FLAG_REVOKE_PROMISED,
  FLAG_TERMINATED,
  type Source,
  type TaskEvent,
  retriesOf,
} from "../model/event.ts";
import { durationText } from "./duration-text.ts";

/** What an event of a task says and who said it, as one plain sentence. */
export function eventSentence(event: TaskEvent): string {
  const clause = clauseOf(event);
  const teller = TELLERS[event.source];
  const sentence = teller === "" ? capital(clause) : `${teller}: ${clause}`;
  const doubt = event.inferred === true && event.source !== "leader" ? " (concluded, not told)" : "";
  return `${sentence}${doubt}.`;
}

/** Who tells; empty where the clause itself names him. */
const TELLERS: Record<Source, string> = {
  event: "",
  operator: "",
  result: "The result backend says",
  queue: "Seen in the queue",
  unacked: "Seen among unacknowledged messages",
  inspect: "Its worker answers",
  leader: "Concluded",
  inbox: "Told to our inbox",
};

function clauseOf(event: TaskEvent): string {
  const worker = event.worker ?? "a worker";
  switch (event.type) {
    case "task.sent":
      return `it was sent${to(event)}${by(event)}${dueText(event)}`;
    case "task.received":
      return `${worker} took it${attemptText(event)}${dueText(event)}`;
    case "task.started":
      return `${worker} began to run it${attemptText(event)}`;
    case "task.progress":
      return `it reports ${event.state ?? "progress"}`;
    case "task.retried":
      return `it failed${withText(event)}${on(event)} and will run again`;
    case "task.succeeded":
      return `it succeeded${on(event)}${afterText(event)}`;
    case "task.failed":
      return `it failed${withText(event)}${on(event)}${afterText(event)}${has(event, FLAG_EXHAUSTED) ? "; its retries are used up" : ""}`;
    case "task.revoked":
      return revoked(event);
    case "task.rejected":
      return has(event, FLAG_REQUEUED)
        ? `${worker} refused it and put it back into its queue`
        : `${worker} refused it, and its message is gone`;
    case "task.cancelled":
      return `${worker} stopped running it, after a lost connection or at a cold shutdown`;
    case "task.waiting":
      return `its message waits${event.queue === undefined ? "" : ` in ${event.queue}`}${dueText(event)}`;
    case "task.held":
      return `${worker} holds its message${dueText(event)}`;
    case "task.running":
      return `${worker} is running it`;
    case "task.lost":
      return event.worker === undefined ? "it was lost with its worker" : `it was lost with its worker ${event.worker}`;
    case "task.ended":
      return "it is nowhere any more, and nothing told how it ended";
    case "task.known":
      return "what happened before is trimmed; its facts are kept";
    case "task.acted":
      return acted(event);
  }
}

function revoked(event: TaskEvent): string {
  if (has(event, FLAG_REVOKE_PROMISED)) return "a revoke is stored for it; no worker has dropped it yet";
  if (has(event, FLAG_EXPIRED)) return "it expired before it ran";
  if (has(event, FLAG_TERMINATED)) return `it was terminated${on(event)} while it ran`;
  return `it was revoked${on(event)}`;
}

function acted(event: TaskEvent): string {
  const actor = event.actor ?? "an operator";
  switch (event.action) {
    case "revoke":
      return `${actor} revoked it`;
    case "terminate":
      return `${actor} terminated it`;
    case "rerun":
      return `${actor} sent it again${event.rerunId === undefined ? "" : ` as ${event.rerunId}`}`;
    default:
      return `${actor} acted on it${event.action === undefined ? "" : `: ${event.action}`}`;
  }
}

function has(event: TaskEvent, flag: number): boolean {
  return ((event.flags ?? 0) & flag) !== 0;
}

function to({ queue }: TaskEvent): string {
  return queue === undefined ? "" : ` to ${queue}`;
}

function by({ actor }: TaskEvent): string {
  return actor === undefined ? "" : ` by ${actor}`;
}

function on({ worker }: TaskEvent): string {
  return worker === undefined ? "" : ` on ${worker}`;
}

function withText({ exceptionType }: TaskEvent): string {
  return exceptionType === undefined ? "" : ` with ${exceptionType}`;
}

function afterText({ runtimeMs }: TaskEvent): string {
  return runtimeMs === undefined ? "" : ` after ${durationText(runtimeMs)}`;
}

function attemptText(event: TaskEvent): string {
  const retries = event.retries ?? (event.run === undefined ? 0 : retriesOf(event.run));
  return retries === 0 ? "" : ` (attempt ${retries + 1})`;
}

function dueText({ etaAt, at }: TaskEvent): string {
  return etaAt === undefined || etaAt <= at ? "" : `, to start ${durationText(etaAt - at)} later`;
}

/** Names of workers and operators stay as they are. */
function capital(text: string): string {
  return /^(its?|an?|what) /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
