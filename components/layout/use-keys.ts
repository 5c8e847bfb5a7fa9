"use client";

import { useEffect, useEffectEvent, useRef } from "react";
import { type Keys, read, type Typed } from "./keys.model.ts";

/** Does what keys mean, unless somebody types, a dialog is open, or the browser is meant. */
export function useKeys(acts: Partial<Record<Keys, () => void>>): void {
  const typed = useRef<Typed | null>(null);
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      isTyping(event.target) ||
      document.querySelector("dialog[open]")
    )
      return;
    const { means, waits } = read(typed.current, event.key, event.timeStamp);
    typed.current = waits;
    const act = means === null ? undefined : Object.entries(acts).find(([keys]) => keys === means)?.[1];
    if (!act) return;
    event.preventDefault();
    act();
  });
  useEffect(() => {
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
