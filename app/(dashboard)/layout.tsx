import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { Providers } from "../../components/layout/providers.tsx";
import { Shell } from "../../components/layout/shell.tsx";
import { THEME_COOKIE, themeOf } from "../../components/layout/theme.ts";
import { isZone } from "../../components/time/time.model.ts";
import { ZONE_COOKIE } from "../../components/time/zone-cookie.ts";
import { sharedMonitor } from "../../lib/http/shared.ts";
import { viewer } from "../../lib/http/viewer.ts";
import { listBrokers } from "../../lib/queries/list-brokers.ts";

export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const jar = await cookies();
  const zone = jar.get(ZONE_COOKIE)?.value;
  const brokers = await listBrokers(sharedMonitor(), await viewer());
  return (
    <Providers now={Date.now()} zone={isZone(zone) ? zone : "UTC"}>
      <Shell brokers={brokers} theme={themeOf(jar.get(THEME_COOKIE)?.value)}>
        {children}
      </Shell>
    </Providers>
  );
}
