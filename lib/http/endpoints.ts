import type { z } from "zod";
import { BrokerList, BrokerListQuery, Overview, OverviewQuery } from "../contract/overview.ts";
import { QueueDetail, QueueList, QueueListQuery, QueueMessages, QueueMessagesQuery, QueueQuery } from "../contract/queue.ts";
import { LiveMessage, LiveQuery, Series, SeriesQuery } from "../contract/series.ts";
import { ActOutcome, RerunDraft, RerunRequest, RevokeRequest, TaskAddress, TaskDetail, TaskList, TaskListQuery } from "../contract/task.ts";
import { WorkerDetail, WorkerInspection, WorkerList, WorkerListQuery, WorkerQuery } from "../contract/worker.ts";

/** One address and method of the API as its document describes it. Tests hold the routes in `app/` to this list. */
export interface Endpoint {
  method: "get" | "post";
  /** Path values stand in braces under the name that they have in `query`. */
  path: string;
  summary: string;
  /** Path values and query string. */
  query: z.ZodObject<z.core.$ZodShape>;
  body?: { name: string; schema: z.ZodType };
  /** `stream`: a message of server-sent events each; else one JSON document. */
  answer: { name: string; schema: z.ZodType; stream?: true };
}

export const ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/api/v1/brokers",
    summary: "The watched brokers",
    query: BrokerListQuery,
    answer: { name: "BrokerList", schema: BrokerList },
  },
  {
    method: "get",
    path: "/api/v1/overview",
    summary: "What needs a person, and the state of everything at one glance",
    query: OverviewQuery,
    answer: { name: "Overview", schema: Overview },
  },
  {
    method: "get",
    path: "/api/v1/tasks",
    summary: "Tasks by filter, a page at a time",
    query: TaskListQuery,
    answer: { name: "TaskList", schema: TaskList },
  },
  {
    method: "get",
    path: "/api/v1/tasks/{id}",
    summary: "One task with its attempts, arguments and timeline",
    query: TaskAddress,
    answer: { name: "TaskDetail", schema: TaskDetail },
  },
  {
    method: "get",
    path: "/api/v1/tasks/{id}/rerun",
    summary: "What a rerun of the task would send",
    query: TaskAddress,
    answer: { name: "RerunDraft", schema: RerunDraft },
  },
  {
    method: "post",
    path: "/api/v1/tasks/{id}/rerun",
    summary: "Send the same call again as a new task",
    query: TaskAddress,
    body: { name: "RerunRequest", schema: RerunRequest },
    answer: { name: "ActOutcome", schema: ActOutcome },
  },
  {
    method: "post",
    path: "/api/v1/tasks/{id}/revoke",
    summary: "Revoke a task that waits, or terminate one that runs",
    query: TaskAddress,
    body: { name: "RevokeRequest", schema: RevokeRequest },
    answer: { name: "ActOutcome", schema: ActOutcome },
  },
  {
    method: "get",
    path: "/api/v1/queues",
    summary: "All queues with depth, age, rates and health, the worst first",
    query: QueueListQuery,
    answer: { name: "QueueList", schema: QueueList },
  },
  {
    method: "get",
    path: "/api/v1/queues/{name}",
    summary: "One queue, and what workers hold unacknowledged",
    query: QueueQuery,
    answer: { name: "QueueDetail", schema: QueueDetail },
  },
  {
    method: "get",
    path: "/api/v1/queues/{name}/messages",
    summary: "The messages that wait in a queue; nothing is taken",
    query: QueueMessagesQuery,
    answer: { name: "QueueMessages", schema: QueueMessages },
  },
  {
    method: "get",
    path: "/api/v1/workers",
    summary: "All workers, those in trouble first",
    query: WorkerListQuery,
    answer: { name: "WorkerList", schema: WorkerList },
  },
  {
    method: "get",
    path: "/api/v1/workers/{name}",
    summary: "One worker and its tasks",
    query: WorkerQuery,
    answer: { name: "WorkerDetail", schema: WorkerDetail },
  },
  {
    method: "get",
    path: "/api/v1/workers/{name}/inspect",
    summary: "What the worker itself answers now",
    query: WorkerQuery,
    answer: { name: "WorkerInspection", schema: WorkerInspection },
  },
  {
    method: "get",
    path: "/api/v1/series",
    summary: "Counts and latencies over time",
    query: SeriesQuery,
    answer: { name: "Series", schema: Series },
  },
  {
    method: "get",
    path: "/api/v1/live",
    summary: "A stream of hints that something changed",
    query: LiveQuery,
    answer: { name: "LiveMessage", schema: LiveMessage, stream: true },
  },
];
