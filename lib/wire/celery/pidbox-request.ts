import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { PidboxCommand } from "./pidbox-command.ts";

export type PidboxRequest = {
  command: PidboxCommand;
  /** Node names; null for every node. */
  destination: readonly string[] | null;
  /** Comes back in the replies. */
  ticket: string;
  /**
   * Name of the list for the replies, without the global key prefix; null when none are wanted. It is named directly,
   * through the anonymous exchange: such replies need no binding, which Kombu 5.7 might sweep away, and leave none.
   */
  replyQueue: string | null;
  /** Name of the exchange: `celery.pidbox` by default. */
  controlExchange: string;
  deliveryTag: string;
  /** Lamport clock that workers adjust theirs by. */
  clock: number;
  /** When the sender stops waiting, epoch ms. Workers ignore it. */
  expiresAt: number;
};

/**
 * The message to PUBLISH on the control channel (Celery 5.2 to 5.7). A broken one leaves workers up to 5.6 deaf to remote
 * control, so everything is checked first and refused with a reason.
 */
export function encodePidboxRequest(request: PidboxRequest): Decoded<string> {
  const command = PidboxCommand.safeParse(request.command);
  if (!command.success) return undecodable(`the command may not be sent: ${firstIssue(command.error.issues)}`);
  const { method } = command.data;
  const { destination, ticket, replyQueue, controlExchange, deliveryTag } = request;
  // Workers take an empty destination for "all", so it is never written.
  if (destination?.length === 0) return undecodable("the command has an empty destination");
  if (method === "shutdown" && destination === null) return undecodable("shutdown needs a destination");
  const names = [...(destination ?? []), ticket, controlExchange, deliveryTag, ...(replyQueue === null ? [] : [replyQueue])];
  if (names.some((name) => typeof name !== "string" || name === "" || !name.isWellFormed())) {
    return undecodable("a name in the command is empty or not well-formed Unicode");
  }
  if (!Number.isInteger(request.clock) || !Number.isFinite(request.expiresAt)) {
    return undecodable("the clock or the expiry of the command is no number");
  }
  const reply = replyQueue === null ? {} : { ticket, reply_to: { exchange: "", routing_key: replyQueue } };
  const body = { method, arguments: command.data.arguments, destination, pattern: null, matcher: null, ...reply };
  return decoded(
    JSON.stringify({
      body: Buffer.from(JSON.stringify(body), "utf8").toString("base64"),
      "content-encoding": "utf-8",
      "content-type": "application/json",
      headers: { clock: request.clock, expires: request.expiresAt / 1000 },
      properties: {
        delivery_mode: 2,
        delivery_info: { exchange: controlExchange, routing_key: "" },
        priority: 0,
        body_encoding: "base64",
        delivery_tag: deliveryTag,
      },
    }),
  );
}

function firstIssue(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  const [issue] = issues;
  return issue === undefined ? "it is not valid" : `${issue.path.join(".")}: ${issue.message}`;
}
