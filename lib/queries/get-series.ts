import { spanOf } from "../contract/common.ts";
import type { Series, SeriesQuery } from "../contract/series.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { watchedBroker } from "./watched-broker.ts";

/** Counts and latencies over the window: of everything, or of one name, queue or worker. */
export async function getSeries(monitor: Monitor, viewer: Viewer, query: SeriesQuery): Promise<Series> {
  const { view } = watchedBroker(monitor, viewer, query.broker);
  const { by = "all", key } = query;
  if (by !== "all" && key === undefined) throw new AppError("bad-input", `key: say which ${by}`);
  const { from, to } = spanOf(query, Date.now());
  if (from > to) throw new AppError("bad-input", "from: the window ends before it begins");
  return view.series.read({ from, to, by, ...(key === undefined ? {} : { key }) });
}
