import type { Attempt, TaskRow } from "../contract/task.ts";
import { durationText } from "./duration-text.ts";

export interface StoryFacts {
  row: TaskRow;
  attempts: readonly Attempt[];
  /** Text of the last exception, its first line. */
  exception: string | null;
  /** Other tasks of the same name that failed with the same exception. */
  alike: number;
  now: number;
}

/** What happened to a task, as one sentence: how long it waited and where, how long it ran and where, and how it ended. */
export function storyOf(facts: StoryFacts): string {
  const parts = [waitText(facts), endText(facts)].filter((part) => part !== "");
  const sentence = parts.join(", ");
  const because = facts.exception !== null && FAILED.has(facts.row.state) ? `: ${closed(facts.exception)}` : ".";
  return sentence.charAt(0).toUpperCase() + sentence.slice(1) + because + alikeText(facts);
}

function closed(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function alikeText({ row, alike }: StoryFacts): string {
  if (row.state !== "FAILURE" || alike === 0) return "";
  return alike === 1 ? " 1 other failed alike." : ` ${alike.toLocaleString("en-US")} others failed alike.`;
}

const FAILED = new Set(["FAILURE", "RETRY", "REJECTED"]);

function waitText({ row, now }: StoryFacts): string {
  const place = row.queue === null ? "" : ` in ${row.queue}`;
  if (row.waitMs !== null && row.startedAt !== null) return `waited ${durationText(row.waitMs)}${place}`;
  const begunAt = row.sentAt ?? row.receivedAt;
  if (row.state === "PENDING" && begunAt !== null) return `has waited ${durationText(now - begunAt)}${place}`;
  return "";
}

function endText({ row, attempts, now }: StoryFacts): string {
  const where = row.worker === null ? "" : ` on ${row.worker}`;
  const after = row.runMs === null ? "" : ` after ${durationText(row.runMs)}`;
  const which = attemptText(row, attempts);
  switch (row.state) {
    case "PENDING":
      return row.sentAt === null ? "nobody has taken it as far as we heard" : "nobody has taken it yet";
    case "SCHEDULED":
      return `waits for its time${dueText(row, now)}`;
    case "RECEIVED":
      return row.worker === null ? "was taken by a worker, has not started yet" : `was taken by ${row.worker}, has not started yet`;
    case "RETRY":
      return `failed${where}${which} and runs again${dueText(row, now)}`;
    case "SUCCESS":
      return `succeeded${after}${where}${which}`;
    case "FAILURE":
      return `failed${after}${where}${which}`;
    case "REVOKED":
      return revokedText(row, where);
    case "REJECTED":
      return row.tag === "requeued" ? `was refused${where} and put back into its queue` : `was refused${where}, its message is gone`;
    case "LOST":
      return row.worker === null ? "was lost with its worker" : `was lost with its worker ${row.worker}`;
    case "ENDED":
      return "is nowhere any more, and nothing told how it ended";
    default:
      return `has run${row.runMs === null ? "" : ` for ${durationText(row.runMs)}`}${where}${which}${row.state === "STARTED" ? "" : `, reports ${row.state}`}`;
  }
}

function revokedText(row: TaskRow, where: string): string {
  switch (row.tag) {
    case "expired":
      return "expired before it ran";
    case "terminated":
      return `was terminated${where} while it ran`;
    case "revoke promised":
      return "is marked as revoked, no worker has dropped it yet";
    default:
      return "was revoked before it ran";
  }
}

/** How many attempts there can be only the application knows. */
function attemptText(row: TaskRow, attempts: readonly Attempt[]): string {
  if (row.retries > 0) return ` (attempt ${row.retries + 1})`;
  const deliveries = attempts.filter(({ retries }) => retries === 0).length;
  return deliveries > 1 ? ` (delivered ${deliveries} times)` : "";
}

function dueText({ etaAt }: TaskRow, now: number): string {
  if (etaAt === null) return "";
  return etaAt > now ? ` in ${durationText(etaAt - now)}` : `, which was ${durationText(now - etaAt)} ago`;
}
