"use client";

import { usePathname, useRouter } from "next/navigation";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { changeAddress, useAddress } from "../../lib/client/use-address.ts";
import { useScopedPath } from "./scoped-link.tsx";
import { useKeys } from "./use-keys.ts";

const TYPING_MS = 300;

/** The filter text. On the list of tasks it filters while one types; everywhere else Enter goes there. */
export function SearchBox(): ReactElement {
  const here = usePathname() === "/tasks";
  const asked = useAddress().get("q");
  const applied = here ? (asked ?? "") : "";
  const [draft, setDraft] = useState<{ over: string; text: string } | null>(null);
  const text = draft?.over === applied ? draft.text : applied;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const router = useRouter();
  const path = useScopedPath();
  useKeys({ "/": () => input.current?.select() });
  useEffect(() => () => clearTimeout(timer.current), []);

  const apply = (value: string): void => {
    clearTimeout(timer.current);
    changeAddress({ q: value.trim() === "" ? null : value }, "replace");
  };

  return (
    <search className="min-w-0 grow">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (here) apply(text);
          else if (text.trim() !== "") router.push(path("/tasks", { q: text }));
        }}
      >
        <input
          ref={input}
          type="search"
          name="q"
          aria-label="Search tasks"
          placeholder="Search tasks: words, state:FAILURE, name:send_*, args:…"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          enterKeyHint="search"
          maxLength={2_000}
          value={text}
          onChange={({ target: { value } }) => {
            setDraft({ over: applied, text: value });
            clearTimeout(timer.current);
            if (here) timer.current = setTimeout(() => apply(value), TYPING_MS);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            // Browsers would empty the box.
            event.preventDefault();
            input.current?.blur();
          }}
          className="h-8 w-full max-w-2xl rounded-md border border-ink-3 bg-paper px-2.5 font-mono text-table placeholder:font-sans max-md:h-9"
        />
      </form>
    </search>
  );
}
