"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactElement, type ReactNode, useState } from "react";
import { overviewOptions } from "../../lib/client/overview.ts";
import { useScope } from "../../lib/client/use-address.ts";
import type { BrokerList } from "../../lib/contract/overview.ts";
import { Button } from "../ui/button.tsx";
import { Banner } from "./banner.tsx";
import { BrokerSwitch } from "./broker-switch.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { useLive } from "./live.tsx";
import { LiveSwitch } from "./live-switch.tsx";
import { Dock, Keeps, Rail } from "./rail.tsx";
import { useScopedPath } from "./scoped-link.tsx";
import { SearchBox } from "./search-box.tsx";
import type { Theme } from "./theme.ts";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useKeys } from "./use-keys.ts";
import { WindowPicker } from "./window-picker.tsx";

/** Redis may fall silent, and then no change tells us so. */
const HEALTH_MS = 10_000;

/** What stands around every page. */
export function Shell({ brokers, theme, children }: { brokers: BrokerList; theme: Theme; children: ReactNode }): ReactElement {
  const [help, setHelp] = useState(false);
  const router = useRouter();
  const path = useScopedPath();
  const live = useLive();
  const overview = useQuery({ ...overviewOptions(useScope()), refetchInterval: live.status === "paused" ? false : HEALTH_MS });
  useKeys({
    "?": () => setHelp(true),
    "g o": () => router.push(path("/")),
    "g t": () => router.push(path("/tasks")),
    "g q": () => router.push(path("/queues")),
    "g w": () => router.push(path("/workers")),
  });

  return (
    <div className="md:grid md:grid-cols-[13rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-1 focus:left-1 focus:z-30 focus:bg-paper focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <div className="sticky top-0 flex h-dvh flex-col overflow-y-auto border-r max-md:hidden">
        <div className="flex h-(--bar) shrink-0 items-center border-b px-4">
          <BrokerSwitch brokers={brokers.brokers} />
        </div>
        <Rail overview={overview.data} />
        <Keeps overview={overview.data} version={brokers.version} />
      </div>
      <div className="min-w-0">
        <header className="sticky top-0 z-20 flex h-(--bar) flex-wrap items-center gap-x-3 border-b bg-paper px-3 max-md:content-center max-md:gap-y-1 md:flex-nowrap md:px-4">
          <div className="flex min-w-0 grow items-center md:hidden">
            <BrokerSwitch brokers={brokers.brokers} />
          </div>
          <div className="flex min-w-0 max-md:order-last max-md:basis-full md:grow">
            <SearchBox />
          </div>
          <div className="flex shrink-0 items-center">
            <WindowPicker />
            <LiveSwitch us={overview.data?.us} />
            <Button
              kind="quiet"
              className="px-2 max-md:hidden"
              onClick={() => setHelp(true)}
              aria-label="Keys and search"
              title="Keys and search (?)"
            >
              ?
            </Button>
            <ThemeSwitch initial={theme} />
          </div>
        </header>
        <Banner us={overview.data?.us} error={overview.error} answeredAt={overview.dataUpdatedAt} />
        <main id="content" tabIndex={-1} className="px-3 pb-[calc(var(--dock)+2rem)] outline-none md:px-4">
          {children}
        </main>
      </div>
      <Dock overview={overview.data} />
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
