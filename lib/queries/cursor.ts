import { z } from "zod";
import type { SortField, TaskRow } from "../contract/task.ts";
import { AppError } from "../errors.ts";

/** Where the next page of a list begins. */
export const ListCursor = z.object({
  /** Value of the sorted field in the last row, null when it is not known, and the row's id. */
  value: z.union([z.number(), z.string(), z.null()]),
  id: z.string(),
  /** The moment that decides how long running tasks have run: the same on all pages. */
  now: z.number(),
  /** Matches of a search on the pages before, by state. */
  found: z.record(z.string(), z.number()).optional(),
});
export type ListCursor = z.infer<typeof ListCursor>;

export function encodeCursor(cursor: ListCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** Throws `bad-input` for a text that we did not give out. */
export function decodeCursor(text: string): ListCursor {
  try {
    return ListCursor.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch (error) {
    throw new AppError("bad-input", "The cursor is none of ours; ask for the first page again", { cause: error });
  }
}

/** The value by which a row stands where it stands. */
export function sortValue(row: TaskRow, sort: SortField): number | string | null {
  switch (sort) {
    case "last":
      return row.lastAt;
    case "sent":
      return row.sentAt;
    case "received":
      return row.receivedAt;
    case "started":
      return row.startedAt;
    case "ended":
      return row.endedAt;
    case "run":
      return row.runMs;
    case "wait":
      return row.waitMs;
    default:
      return row[sort];
  }
}
