import { z } from "zod";
import { Problem } from "../contract/common.ts";
import { Finding, FailureGroup, OurHealth } from "../contract/overview.ts";
import { HeldMessage, QueueRow, WaitingMessage } from "../contract/queue.ts";
import { SeriesPoint } from "../contract/series.ts";
import { Attempt, RelatedTask, TaskRow, TimelineEntry, Told } from "../contract/task.ts";
import { WorkerRow } from "../contract/worker.ts";
import { ENDPOINTS, type Endpoint } from "./endpoints.ts";

/** Parts that several answers share; each stands once in the document. */
const PARTS = {
  Attempt,
  FailureGroup,
  Finding,
  HeldMessage,
  OurHealth,
  QueueRow,
  RelatedTask,
  SeriesPoint,
  TaskRow,
  TimelineEntry,
  Told,
  WaitingMessage,
  WorkerRow,
};

const PROBLEMS: Record<Endpoint["method"], Record<number, string>> = {
  get: { 400: "The question cannot be read", 404: "There is no such thing", 503: "Redis or the worker does not answer" },
  post: {
    400: "The order cannot be read",
    403: "Not allowed",
    404: "There is no such thing",
    409: "It cannot be done to this thing now",
    503: "Redis or the worker does not answer",
  },
};

/** The OpenAPI 3.1 document of the API, made from the schemas that check it. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of ENDPOINTS) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Perennial",
      version,
      description: "The control room for Celery and Taskiq on Redis. Times are epoch ms, durations ms.",
    },
    paths,
    components: { schemas: componentSchemas() },
  };
}

function operation({ method, path, summary, query, body, answer }: Endpoint): object {
  return {
    summary,
    operationId: operationId(method, path),
    parameters: Object.entries(query.shape).map(([name, schema]) => parameter(name, schema, path)),
    ...(body === undefined ? {} : { requestBody: { required: true, ...json(body.name) } }),
    responses: {
      200: {
        description: summary,
        ...(answer.stream === true ? { content: { "text/event-stream": { schema: ref(answer.name) } } } : json(answer.name)),
      },
      ...Object.fromEntries(Object.entries(PROBLEMS[method]).map(([status, description]) => [status, { description, ...json("Problem") }])),
    },
  };
}

function parameter(name: string, schema: z.core.$ZodType, path: string): object {
  const isPath = path.includes(`{${name}}`);
  const { $schema: _, description, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return {
    name,
    in: isPath ? "path" : "query",
    required: isPath || !z.safeParse(schema, undefined).success,
    ...(description === undefined ? {} : { description }),
    schema: rest,
  };
}

/** `get /api/v1/tasks/{id}/rerun` is `getTasksIdRerun`. */
function operationId(method: string, path: string): string {
  const words = path.replace("/api/v1", "").match(/\w+/g) ?? [];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function componentSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  const named = { Problem, ...PARTS };
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  for (const { body, answer } of ENDPOINTS) {
    for (const { name, schema } of [answer, body ?? answer]) if (!registry.has(schema)) registry.add(schema, { id: name });
  }
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]));
}

function json(name: string): { content: object } {
  return { content: { "application/json": { schema: ref(name) } } };
}

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
