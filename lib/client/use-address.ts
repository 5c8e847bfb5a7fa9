"use client";

import { useSearchParams } from "next/navigation";
import { useMemo } from "react";
import type { Scope } from "../contract/common.ts";
import { bounded, type Patch, patched, readScope, scopeParams } from "./scope.ts";

/** The parameters of the address. */
export function useAddress(): URLSearchParams {
  const params = useSearchParams();
  return useMemo(() => new URLSearchParams(params), [params]);
}

/** Broker and time window as they were chosen, the same object as long as they are the same. */
export function useChosenScope(): Scope {
  const text = scopeParams(new URLSearchParams(useSearchParams())).toString();
  return useMemo(() => readScope(new URLSearchParams(text)), [text]);
}

/** Broker and time window for questions about a span of time. */
export function useScope(): Scope {
  const scope = useChosenScope();
  return useMemo(() => bounded(scope), [scope]);
}

/**
 * Changes the address without asking the server for the page again: the questions of the page depend on the parameters
 * and are asked by themselves. What is typed replaces the entry in the history; what is chosen adds one.
 */
export function changeAddress(patch: Patch, how: "push" | "replace" = "push"): void {
  const now = new URLSearchParams(window.location.search);
  const next = patched(now, patch).toString();
  if (next === now.toString()) return;
  const address = next === "" ? window.location.pathname : `?${next}`;
  if (how === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
}
