"use client";

import { useSearchParams } from "next/navigation";
import { useMemo } from "react";
import type { Scope } from "../contract/common.ts";
import { type Patch, patched, readScope, scopeParams } from "./scope.ts";

/** The parameters of the address. */
export function useAddress(): URLSearchParams {
  const params = useSearchParams();
  return useMemo(() => new URLSearchParams(params), [params]);
}

/** Broker and time window, the same object as long as they are the same. */
export function useScope(): Scope {
  const text = scopeParams(new URLSearchParams(useSearchParams())).toString();
  return useMemo(() => readScope(new URLSearchParams(text)), [text]);
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
