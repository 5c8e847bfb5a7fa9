"use client";

import { type ReactElement, useState } from "react";
import { Button } from "../ui/button.tsx";
import { type Theme, THEME_COOKIE, THEMES } from "./theme.ts";
import { useKeys } from "./use-keys.ts";

/** Light, dark, or as the system says; kept in a cookie, so that the server renders it right from the first byte. */
export function ThemeSwitch({ initial }: { initial: Theme }): ReactElement {
  const [theme, setTheme] = useState(initial);
  const turn = (): void => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    if (next === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
    document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=31536000; samesite=lax`;
    setTheme(next);
  };
  useKeys({ t: turn });
  return (
    <Button kind="quiet" className="px-1.5" onClick={turn} title={`Theme: ${theme} (t)`} aria-label={`Theme: ${theme}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden>
        <circle cx="8" cy="8" r="5.5" fill={theme === "dark" ? "currentColor" : "none"} />
        {theme === "system" && <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />}
      </svg>
    </Button>
  );
}
