import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Told } from "./told-canvas.ts";

/** What fleet/record_canvases.py saw Celery 5.7 send for a canvas. */
export interface RecordedCanvas {
  canvas: Told;
  options: Record<string, unknown>;
  /** `as_tuple()` of the result. */
  result: unknown;
  /** List, message without its body, body; or key and text of what was written for results. */
  sent: string[][];
}

export function recordedCanvases(): RecordedCanvas[] {
  const lines = gunzipSync(readFileSync(join(import.meta.dirname, "../fixtures/canvases.jsonl.gz"))).toString();
  return lines.split("\n").map(recorded);
}

/** The file is written by a program of this repository. */
function recorded(line: string): RecordedCanvas {
  return JSON.parse(line) as RecordedCanvas;
}
