import { BrokerListQuery } from "../../../../lib/contract/overview.ts";
import { openApi } from "../../../../lib/http/openapi.ts";
import { get } from "../../../../lib/http/route.ts";

export const GET = get(BrokerListQuery, async ({ version }) => openApi(version));
