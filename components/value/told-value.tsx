import type { ReactElement } from "react";
import type { Told } from "../../lib/contract/task.ts";
import { ClockTime } from "../time/time.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { groupDigits } from "../ui/number.model.ts";
import { provenanceOf } from "./provenance.model.ts";
import { jsonOf, previewOf, readTold, visible } from "./value.model.ts";
import { ValueTree } from "./value-tree.tsx";

/** A value from the broker with where it came from, and whether it is all of it. */
export function ToldValue({ label, told }: { label: string; told: Told }): ReactElement {
  const reading = readTold(told);
  const copy = reading.kind === "text" ? reading.text : (jsonOf(reading.value) ?? previewOf(reading.value, 1_000_000));
  return (
    <div className="grid min-w-0 gap-1">
      <div className="flex min-h-7 flex-wrap items-center gap-x-3">
        <h3 className="text-table font-medium">{label}</h3>
        <p className="text-label text-ink-2">
          {provenanceOf(told.source, told.form)} · <ClockTime at={told.at} />
          {told.cut && (
            <span className="text-ink"> · cut{told.length === null ? "" : `, ${groupDigits(told.length)} characters in all`}</span>
          )}
        </p>
        <CopyButton text={copy} label={label.toLowerCase()} />
      </div>
      {reading.kind === "text" ? (
        <p className="said text-table break-all whitespace-pre-wrap">{visible(reading.text)}</p>
      ) : (
        <ValueTree value={reading.value} />
      )}
    </div>
  );
}
