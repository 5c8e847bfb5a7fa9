import type { ReactElement } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { Section } from "../ui/section.tsx";
import { type Group, groupFrames, type Piece, readTraceback } from "./traceback.model.ts";

/** A traceback in which the application's own code stands out and libraries are folded. */
export function Traceback({ text }: { text: string }): ReactElement {
  return (
    <Section title="Traceback" aside={<CopyButton text={text} label="traceback" />}>
      <div className="said grid grid-cols-1 gap-1 text-table">
        {groupFrames(readTraceback(text)).map((group, index) => (
          <TracebackGroup key={index} group={group} />
        ))}
      </div>
    </Section>
  );
}

function TracebackGroup({ group }: { group: Group }): ReactElement {
  if (group.kind === "text") {
    return (
      <p className={`break-words whitespace-pre-wrap ${group.lines[0]?.startsWith("Traceback ") === true ? "text-ink-2" : "font-medium"}`}>
        {group.lines.join("\n")}
      </p>
    );
  }
  if (!group.library) {
    return (
      <div className="grid grid-cols-1 gap-1 border-l-2 border-ink pl-3">
        {group.frames.map((frame, index) => (
          <Frame key={index} frame={frame} />
        ))}
      </div>
    );
  }
  return (
    <details className="border-l-2 pl-3 text-ink-2">
      <summary>{group.frames.length === 1 ? "1 frame of a library" : `${group.frames.length} frames of libraries`}</summary>
      <div className="grid grid-cols-1 gap-1 py-1">
        {group.frames.map((frame, index) => (
          <Frame key={index} frame={frame} />
        ))}
      </div>
    </details>
  );
}

function Frame({ frame }: { frame: Extract<Piece, { kind: "frame" }> }): ReactElement {
  return (
    <div>
      <p className="break-all">
        {frame.file}:{frame.line}
        {frame.where !== "" && <span className="text-ink-2"> in </span>}
        {frame.where}
      </p>
      {frame.code.length > 0 && <pre className="overflow-x-auto text-ink-2">{frame.code.join("\n")}</pre>}
    </div>
  );
}
