import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";

/** A request as a plain message makes it. */
export function requestOf(parts: Partial<TaskRequest> = {}): TaskRequest {
  const id = parts.id ?? "id";
  return {
    id,
    type: "task",
    name: "task",
    args: [],
    kwargs: [],
    argsRepr: "()",
    kwargsRepr: "{}",
    callbacks: [],
    errbacks: [],
    chain: [],
    chord: null,
    retries: 0,
    etaAt: null,
    etaText: null,
    expiresAt: null,
    groupId: null,
    groupIndex: null,
    rootId: id,
    parentId: null,
    hardLimitMs: null,
    softLimitMs: null,
    origin: null,
    shadow: null,
    ignoreResult: null,
    replacedTaskNesting: 0,
    stamps: [],
    headers: [],
    exchange: "",
    routingKey: "celery",
    priority: 0,
    deliveryTag: "tag",
    redelivered: false,
    correlationId: id,
    replyTo: null,
    ...parts,
  };
}
