"use client";

import { type ReactElement, useEffect, useState } from "react";
import { Button } from "./button.tsx";

type Told = "nothing" | "copied" | "failed";

const WORDS: Record<Told, string> = { nothing: "Copy", copied: "Copied", failed: "Select and copy by hand" };

/** Copies a text and says so. Without https browsers have no clipboard; it says that too. */
export function CopyButton({ text, label }: { text: string; label: string }): ReactElement {
  const [told, setTold] = useState<Told>("nothing");
  useEffect(() => {
    if (told === "nothing") return;
    const timer = setTimeout(() => setTold("nothing"), 2_000);
    return () => clearTimeout(timer);
  }, [told]);
  return (
    <Button
      kind="quiet"
      aria-label={`Copy ${label}`}
      onClick={() => {
        Promise.resolve()
          .then(() => navigator.clipboard.writeText(text))
          .then(
            () => setTold("copied"),
            () => setTold("failed"),
          );
      }}
    >
      <span aria-live="polite">{WORDS[told]}</span>
    </Button>
  );
}
