"use client";

import type { ReactElement } from "react";
import type { OurHealth } from "../../lib/contract/overview.ts";
import { Mark } from "../state/mark.tsx";
import type { Appearance } from "../state/state.model.ts";
import { formatDuration } from "../time/time.model.ts";
import { Button } from "../ui/button.tsx";
import { useLive } from "./live.tsx";
import { useKeys } from "./use-keys.ts";

const LOOKS: Record<ReturnType<typeof useLive>["status"], Appearance> = {
  connecting: { shape: "hollow", hue: "queued", word: "Live", meaning: "Connecting" },
  live: { shape: "dot", hue: "success", word: "Live", meaning: "Changes show as they happen" },
  paused: { shape: "minus", hue: "queued", word: "Paused", meaning: "The page stays as it is until you go on" },
  broken: { shape: "broken", hue: "failure", word: "Offline", meaning: "No live updates; trying again", loud: true },
};

const DEAF: Appearance = { shape: "broken", hue: "failure", word: "No data", meaning: "Redis does not answer", loud: true };

/** Live or paused, and how far behind Perennial itself is. */
export function LiveSwitch({ us }: { us: OurHealth | undefined }): ReactElement {
  const { status, toggle } = useLive();
  useKeys({ ".": toggle });
  return (
    <Button
      kind="quiet"
      aria-pressed={status === "paused"}
      onClick={toggle}
      title={status === "paused" ? "Go on (.)" : "Pause (.)"}
      className="px-1.5"
    >
      <Mark look={status === "live" && us?.connected === false ? DEAF : LOOKS[status]} />
      <span className="w-16 text-left text-label max-lg:hidden">
        {us && us.lagMs !== null && status !== "paused" ? `lag ${formatDuration(us.lagMs)}` : ""}
      </span>
    </Button>
  );
}
