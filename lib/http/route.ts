import type { z } from "zod";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { answering, checked, jsonAnswer } from "./answer.ts";
import { jsonBody } from "./body.ts";
import { requireSameOrigin } from "./origin.ts";
import { sharedMonitor } from "./shared.ts";
import { viewer } from "./viewer.ts";

/** What Next hands to a route: the values of `[id]` and the like, each decoded once, slashes included. */
export interface RouteContext {
  /** Nothing for a route without any, whatever Next's types say. */
  params: Promise<Record<string, string> | undefined>;
}

export type RouteHandler = (request: Request, context: RouteContext) => Promise<Response>;

/** A route that answers a question. The schema sees the query string, and path values over it. */
export function get<Schema extends z.ZodType, Answer>(
  schema: Schema,
  question: (monitor: Monitor, viewer: Viewer, query: z.output<Schema>) => Promise<Answer>,
): RouteHandler {
  return (request, context) =>
    answering(request, async () => {
      const query = checked(schema, await queryOf(request, context));
      return jsonAnswer(await question(sharedMonitor(), await viewer(), query));
    });
}

/** A route that does something to the thing that path and query string name, as the body says. */
export function post<Target extends z.ZodType, Body extends z.ZodType, Outcome>(
  target: Target,
  body: Body,
  command: (monitor: Monitor, viewer: Viewer, target: z.output<Target>, request: z.output<Body>) => Promise<Outcome>,
): RouteHandler {
  return (request, context) =>
    answering(request, async () => {
      requireSameOrigin(request.headers);
      const thing = checked(target, await queryOf(request, context));
      const order = checked(body, await jsonBody(request));
      return jsonAnswer(await command(sharedMonitor(), await viewer(), thing, order));
    });
}

/** Query parameters by name, a repeated one as a list, an empty one as if it were not there. */
export async function queryOf(request: Request, context: RouteContext): Promise<Record<string, unknown>> {
  const { searchParams } = new URL(request.url);
  const query = Array.from(new Set(searchParams.keys()), (name): [string, string | string[]] => {
    const values = searchParams.getAll(name).filter((value) => value !== "");
    return [name, values.length > 1 ? values : (values[0] ?? "")];
  });
  const given = query.filter(([, value]) => value !== "");
  return Object.fromEntries([...given, ...Object.entries((await context.params) ?? {})]);
}
