import { LiveQuery } from "../../../../lib/contract/series.ts";
import { live } from "../../../../lib/http/live.ts";
import { watchChanges } from "../../../../lib/queries/watch-changes.ts";

export const GET = live(LiveQuery, watchChanges);
