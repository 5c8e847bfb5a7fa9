import type { ReactElement } from "react";

/** The pages of the rail. */
export const PLACES = [
  { path: "/", word: "Overview", key: "g o", icon: "overview" },
  { path: "/tasks", word: "Tasks", key: "g t", icon: "tasks" },
  { path: "/queues", word: "Queues", key: "g q", icon: "queues" },
  { path: "/workers", word: "Workers", key: "g w", icon: "workers" },
] as const;

export type Place = (typeof PLACES)[number];

/** Whether a path without prefix is this place or below it. */
export function isAt(place: Place, pathname: string): boolean {
  return place.path === "/" ? pathname === "/" : pathname === place.path || pathname.startsWith(`${place.path}/`);
}

const ICONS: Record<Place["icon"], ReactElement> = {
  overview: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <circle cx="8" cy="8" r="2" fill="currentColor" stroke="none" />
    </>
  ),
  tasks: <path d="M2.5 4h1M6 4h7.5M2.5 8h1M6 8h7.5M2.5 12h1M6 12h7.5" />,
  queues: <path d="m8 2.25 5.75 2.9L8 8 2.25 5.15zM2.25 8 8 10.85 13.75 8M2.25 10.85 8 13.75l5.75-2.9" />,
  workers: <path d="M4.25 4.25h7.5v7.5h-7.5zM6 1.75v2.5m4-2.5v2.5m-4 7.5v2.5m4-2.5v2.5M1.75 6h2.5m-2.5 4h2.5m7.5-4h2.5m-2.5 4h2.5" />,
};

export function PlaceIcon({ icon }: { icon: Place["icon"] }): ReactElement {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinejoin="round"
      strokeLinecap="round"
      className="shrink-0"
      aria-hidden
    >
      {ICONS[icon]}
    </svg>
  );
}
