"use client";

import { usePathname } from "next/navigation";
import type { ReactElement } from "react";
import type { Overview } from "../../lib/contract/overview.ts";
import { MarkShape } from "../state/mark.tsx";
import { Age } from "../time/time.tsx";
import { useZone } from "../time/clock.tsx";
import { Count } from "../ui/count.tsx";
import { formatBytes } from "../ui/number.model.ts";
import { isAt, PLACES, type Place, PlaceIcon } from "./places.tsx";
import { ScopedLink } from "./scoped-link.tsx";
import { troubleAt } from "./trouble.model.ts";

/** The places, with what is wrong at each. */
export function Rail({ overview }: { overview: Overview | undefined }): ReactElement {
  const pathname = usePathname();
  return (
    <nav aria-label="Pages" className="grid gap-px p-2">
      {PLACES.map((place) => (
        <ScopedLink
          key={place.path}
          to={place.path}
          aria-current={isAt(place, pathname) ? "page" : undefined}
          title={place.key}
          className="flex h-8 items-center gap-2.5 rounded-md px-2 text-table text-ink-2 hover:bg-paper-2 hover:text-ink aria-[current]:bg-paper-2 aria-[current]:font-medium aria-[current]:text-ink"
        >
          <PlaceIcon icon={place.icon} />
          {place.word}
          <Trouble place={place} overview={overview} />
        </ScopedLink>
      ))}
    </nav>
  );
}

/** The same places at the thumb, for phones. */
export function Dock({ overview }: { overview: Overview | undefined }): ReactElement {
  const pathname = usePathname();
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-20 grid h-(--dock) grid-cols-4 border-t bg-paper pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {PLACES.map((place) => (
        <ScopedLink
          key={place.path}
          to={place.path}
          aria-current={isAt(place, pathname) ? "page" : undefined}
          className="relative grid content-center justify-items-center gap-0.5 text-label text-ink-2 aria-[current]:font-medium aria-[current]:text-ink"
        >
          <PlaceIcon icon={place.icon} />
          {place.word}
          <span className="absolute top-1 left-[calc(50%+0.75rem)]">
            <Trouble place={place} overview={overview} />
          </span>
        </ScopedLink>
      ))}
    </nav>
  );
}

function Trouble({ place, overview }: { place: Place; overview: Overview | undefined }): ReactElement | null {
  const trouble = overview && troubleAt(place.path, overview);
  if (!trouble) return null;
  return (
    <span className="ml-auto inline-flex items-center gap-1 text-label text-ink" title={trouble.text}>
      <MarkShape shape={trouble.loud ? "cross" : "triangle"} hue={trouble.loud ? "failure" : "retry"} />
      <span aria-hidden>{trouble.count}</span>
      <span className="sr-only">{trouble.text}</span>
    </span>
  );
}

/** What Perennial keeps, and since when. */
export function Keeps({ overview, version }: { overview: Overview | undefined; version: string }): ReactElement {
  const zone = useZone();
  const us = overview?.us;
  const log = us && us.logBytes !== null ? formatBytes(us.logBytes) : undefined;
  return (
    <dl className="mt-auto grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 border-t px-4 py-3 text-label text-ink-2 [&_dd]:text-right">
      {us && (
        <>
          <dt>Tasks</dt>
          <dd>
            <Count value={us.tasks} />
          </dd>
          <dt>Events</dt>
          <dd>
            <Count value={us.events} />
          </dd>
          {us.lostEvents > 0 && (
            <>
              <dt>Lost events</dt>
              <dd className="text-ink">
                <Count value={us.lostEvents} />
              </dd>
            </>
          )}
          {us.malformed > 0 && (
            <>
              <dt>Unreadable</dt>
              <dd className="text-ink">
                <Count value={us.malformed} />
              </dd>
            </>
          )}
          <dt>Log</dt>
          <dd title={`${us.store}, ${us.role}`}>{log ? `${log.digits} ${log.unit}` : us.store}</dd>
          {us.oldestAt !== null && (
            <>
              <dt>Since</dt>
              <dd>
                <Age at={us.oldestAt} suffix=" ago" />
              </dd>
            </>
          )}
        </>
      )}
      <dt>Zone</dt>
      <dd className="clip">{zone}</dd>
      <dt>Perennial</dt>
      <dd>{version}</dd>
    </dl>
  );
}
