"use client";

import type { ReactElement, ReactNode } from "react";
import { ApiError } from "../../lib/client/api.ts";
import type { OurHealth } from "../../lib/contract/overview.ts";
import { MarkShape } from "../state/mark.tsx";
import { AgeAndTime } from "../time/time.tsx";

/** Said above everything while what is on the screen may be old: by whose fault and since when. */
export function Banner({
  us,
  error,
  answeredAt,
}: {
  us: OurHealth | undefined;
  error: Error | null;
  answeredAt: number;
}): ReactElement | null {
  if (error && !(error instanceof ApiError && error.status > 0 && error.status < 500)) {
    return (
      <Strip loud>
        {error.message}{" "}
        {answeredAt > 0 ? (
          <>
            What you see is from <AgeAndTime at={answeredAt} />.
          </>
        ) : null}
      </Strip>
    );
  }
  if (!us) return null;
  if (!us.connected || us.problem !== null) {
    return (
      <Strip loud={!us.connected}>
        {us.problem ?? "Redis does not answer"}.{" "}
        {us.lastEventAt === null ? (
          "No event has been heard."
        ) : (
          <>
            Last event <AgeAndTime at={us.lastEventAt} />.
          </>
        )}
        {!us.connected && " What you see is from before; it is tried again by itself."}
      </Strip>
    );
  }
  if (us.replaying) {
    const { done, of } = us.replaying;
    return <Strip>The history is being read: {of > 0 ? Math.floor((done / of) * 100) : 0} %. Counts and lists grow until then.</Strip>;
  }
  return null;
}

function Strip({ loud = false, children }: { loud?: boolean; children: ReactNode }): ReactElement {
  return (
    <div role={loud ? "alert" : "status"} className="flex gap-2 border-b bg-paper-2 px-3 py-2 text-table md:px-4">
      <span className="flex h-5 items-center">
        <MarkShape shape={loud ? "broken" : "triangle"} hue={loud ? "failure" : "retry"} />
      </span>
      <p className="min-w-0">{children}</p>
    </div>
  );
}
