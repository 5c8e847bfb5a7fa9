import { OverviewQuery } from "../../../../lib/contract/overview.ts";
import { get } from "../../../../lib/http/route.ts";
import { getOverview } from "../../../../lib/queries/get-overview.ts";

export const GET = get(OverviewQuery, getOverview);
