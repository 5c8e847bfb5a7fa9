import { z } from "zod";

/** Epoch milliseconds. */
export const At = z.number();
/** A duration in milliseconds. */
export const Ms = z.number();

/** A count that may be a lower bound: `exact` is false where counting on would cost too much. */
export const Total = z.object({ value: z.number().int(), exact: z.boolean() });
export type Total = z.infer<typeof Total>;

/** One value of a query string, a list with commas, or a repeated parameter, read as a list without repeats. */
export const Words = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => [...new Set([value ?? []].flat().flatMap((part) => part.split(",")))].filter((word) => word !== ""));

export const WINDOWS = {
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
} as const;
export type WindowName = keyof typeof WINDOWS;
export const WindowName = z.enum(["5m", "15m", "1h", "6h", "24h", "7d"]);

/** What every question may carry: which broker, and the time window, either named and sliding or two fixed moments. */
export const Scope = z.object({
  broker: z.string().optional().describe("Name of the watched broker; the first one when left out"),
  window: WindowName.optional().describe("Sliding time window that ends now"),
  from: z.coerce.number().optional().describe("Begin of a fixed window, epoch ms; wins over `window`"),
  to: z.coerce.number().optional().describe("End of a fixed window, epoch ms"),
});
export type Scope = z.infer<typeof Scope>;

/** The span that a scope means at a moment. */
export function spanOf(
  scope: Pick<Scope, "window" | "from" | "to">,
  now: number,
  fallback: WindowName = "1h",
): { from: number; to: number } {
  if (scope.from !== undefined || scope.to !== undefined) {
    const to = scope.to ?? now;
    return { from: scope.from ?? to - WINDOWS[fallback], to };
  }
  return { from: now - WINDOWS[scope.window ?? fallback], to: now };
}

/** Body of every answer that is not a success. */
export const Problem = z.object({
  error: z.object({
    code: z.enum(["bad-input", "not-found", "conflict", "refused", "unavailable", "internal"]),
    message: z.string(),
  }),
});
export type Problem = z.infer<typeof Problem>;
