import type { Problem } from "../contract/common.ts";
import { href } from "./href.ts";

/** What the server refused or could not do, in its words. */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

type Parameter = string | number | readonly string[] | null | undefined;

/** Asks `/api/v1` + path. Answers come from our own server, so their shape is what the contract says. Throws `ApiError`. */
export async function ask<Answer>(path: `/${string}`, query: Record<string, Parameter>, signal?: AbortSignal): Promise<Answer> {
  return answerOf<Answer>(path, query, { signal: signal ?? null });
}

/** Sends an order to `/api/v1` + path. Throws `ApiError`. */
export async function order<Answer>(path: `/${string}`, query: Record<string, Parameter>, body: unknown): Promise<Answer> {
  return answerOf<Answer>(path, query, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function answerOf<Answer>(path: `/${string}`, query: Record<string, Parameter>, init: RequestInit): Promise<Answer> {
  const response = await fetch(href(`/api/v1${path}${searchOf(query)}`), init).catch((cause: unknown) => {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "Perennial does not answer.");
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, problemIn(body) ?? `Perennial answered ${response.status}.`);
  return body as Answer;
}

function searchOf(query: Record<string, Parameter>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const each of [value].flat()) params.append(name, String(each));
  }
  return params.size === 0 ? "" : `?${params}`;
}

function problemIn(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "error" in body ? (body as Problem).error.message : undefined;
}
