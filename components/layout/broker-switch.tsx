"use client";

import { usePathname, useRouter } from "next/navigation";
import type { ReactElement } from "react";
import type { BrokerList } from "../../lib/contract/overview.ts";
import { patched, scopeParams } from "../../lib/client/scope.ts";
import { useAddress } from "../../lib/client/use-address.ts";
import { isAt, PLACES } from "./places.tsx";

/** Which broker the page is about. Another one has other tasks, so a task's page gives way to the list. */
export function BrokerSwitch({ brokers }: { brokers: BrokerList["brokers"] }): ReactElement {
  const address = useAddress();
  const pathname = usePathname();
  const router = useRouter();
  const first = brokers[0]?.name ?? "";
  const chosen = address.get("broker") ?? first;
  if (brokers.length <= 1 && chosen === first) {
    return (
      <span className="clip font-medium" title={brokers[0]?.url}>
        <bdi>{first === "" ? "Perennial" : first}</bdi>
      </span>
    );
  }
  const known = brokers.some(({ name }) => name === chosen);
  return (
    <select
      aria-label="Broker"
      value={chosen}
      onChange={({ target: { value } }) => {
        const place = PLACES.find((each) => isAt(each, pathname))?.path ?? "/";
        const params = patched(scopeParams(address), { broker: value === first ? null : value });
        router.push(params.size === 0 ? place : `${place}?${params}`);
      }}
      className="h-(--row) max-w-full min-w-0 rounded-md border border-transparent bg-paper font-medium text-ellipsis hover:bg-paper-2"
    >
      {!known && <option value={chosen}>{chosen} (not watched)</option>}
      {brokers.map(({ name, url }) => (
        <option key={name} value={name} title={url}>
          {name}
        </option>
      ))}
    </select>
  );
}
