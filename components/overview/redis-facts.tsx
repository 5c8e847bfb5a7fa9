import type { ReactElement } from "react";
import type { Overview } from "../../lib/contract/overview.ts";
import { Age } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { Facts } from "../ui/facts.tsx";
import { formatBytes, formatShare, type Quantity } from "../ui/number.model.ts";
import { Section } from "../ui/section.tsx";

/** How the broker's Redis is, and how well Perennial itself hears. */
export function RedisFacts({ overview: { redis, us } }: { overview: Overview }): ReactElement {
  return (
    <Section title="Redis and Perennial">
      <Facts
        of={[
          redis !== null && {
            word: "Memory",
            value:
              redis.maxBytes === null
                ? words(formatBytes(redis.usedBytes))
                : `${words(formatBytes(redis.usedBytes))} of ${words(formatBytes(redis.maxBytes))}, ${formatShare(redis.usedBytes, redis.maxBytes)}`,
          },
          redis !== null && { word: "When full", value: redis.policy ?? "not told" },
          redis !== null && { word: "Clients", value: <Count value={redis.clients} /> },
          redis !== null && redis.evicted > 0 && { word: "Evicted keys", value: <Count value={redis.evicted} /> },
          redis !== null && { word: "Redis", value: redis.version },
          { word: "Last event", value: us.lastEventAt === null ? "none" : <Age at={us.lastEventAt} suffix=" ago" /> },
          { word: "Log", value: us.logBytes === null ? us.store : `${words(formatBytes(us.logBytes))} in ${us.store}` },
          { word: "This replica", value: us.role === "leader" ? "leads" : "follows" },
          { word: "Lost events", value: <Count value={us.lostEvents} /> },
          { word: "Unreadable messages", value: <Count value={us.malformed} /> },
        ]}
      />
    </Section>
  );
}

function words({ digits, unit }: Quantity): string {
  return `${digits} ${unit}`;
}
