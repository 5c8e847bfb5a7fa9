import { SeriesQuery } from "../../../../lib/contract/series.ts";
import { get } from "../../../../lib/http/route.ts";
import { getSeries } from "../../../../lib/queries/get-series.ts";

export const GET = get(SeriesQuery, getSeries);
