import type { ReactElement } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { readJson, visible } from "./value.model.ts";
import { ValueTree } from "./value-tree.tsx";

/** JSON from somewhere, folded; the text itself where it is none. */
export function JsonText({ label, text }: { label: string; text: string }): ReactElement {
  const reading = readJson(text);
  return (
    <div className="flex items-start gap-3">
      <div className="min-w-0 grow">
        {reading.kind === "value" ? (
          <ValueTree value={reading.value} />
        ) : (
          <p className="said text-table break-all whitespace-pre-wrap">{visible(text)}</p>
        )}
      </div>
      <CopyButton text={text} label={label.toLowerCase()} />
    </div>
  );
}
