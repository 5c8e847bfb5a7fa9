"use client";

import { type ReactElement, useState } from "react";
import type { Value } from "../../lib/wire/python/value.ts";
import { type Child, childrenOf, cutAt, previewOf, quote, scalarText, typeOf, visible } from "./value.model.ts";

const PREVIEW = 120;
/** Entries drawn at once: a list of a million must not stop the browser. */
const PAGE = 100;
const LONG_TEXT = 400;

/** A Python value with its types, to unfold. The first level is open. */
export function ValueTree({ value }: { value: Value }): ReactElement {
  const children = childrenOf(value);
  return (
    <div className="said min-w-0 text-table">
      {children && children.length > 0 ? (
        <>
          <TypeName value={value} />
          <Children of={children} depth={0} />
        </>
      ) : (
        <Leaf value={value} />
      )}
    </div>
  );
}

function Children({ of, depth }: { of: Child[]; depth: number }): ReactElement {
  const [shown, setShown] = useState(PAGE);
  return (
    <ul className="border-l pl-3">
      {of.slice(0, shown).map((child) => (
        <Entry key={child.index + (child.key === null ? "" : "k")} child={child} depth={depth} />
      ))}
      {of.length > shown && (
        <li>
          <button type="button" className="text-ink-2 underline underline-offset-3" onClick={() => setShown(shown + PAGE * 10)}>
            {of.length - shown} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Entry({ child, depth }: { child: Child; depth: number }): ReactElement {
  const children = childrenOf(child.value);
  const folds = children !== undefined && children.length > 0;
  const [open, setOpen] = useState(folds && depth < 1 && children.length <= 10);
  const label = <KeyName of={child} />;
  if (!folds) {
    return (
      <li className="py-px pl-4 break-all">
        {label} <Leaf value={child.value} />
      </li>
    );
  }
  return (
    <li className="py-px">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex w-full min-w-0 text-left hover:bg-paper-2">
        <span aria-hidden className="inline-block w-4 shrink-0 text-ink-2">
          {open ? "▾" : "▸"}
        </span>
        <span className="clip">
          {label} {open ? <TypeName value={child.value} /> : previewOf(child.value, PREVIEW)}
        </span>
      </button>
      {open && (
        <div className="pl-4">
          <Children of={children} depth={depth + 1} />
        </div>
      )}
    </li>
  );
}

function KeyName({ of: { key, index } }: { of: Child }): ReactElement {
  const text = key === null ? String(index) : typeof key === "string" && /^[\w-]+$/.test(key) ? key : previewOf(key, 80);
  return <span className="text-ink-2">{text}:</span>;
}

function TypeName({ value }: { value: Value }): ReactElement {
  return <span className="text-ink-2">{visible(typeOf(value) ?? "")}</span>;
}

function Leaf({ value }: { value: Value }): ReactElement {
  const [all, setAll] = useState(false);
  if (typeof value === "string" && value.length > LONG_TEXT && !all) {
    return (
      <span className="break-all">
        {quote(cutAt(value, LONG_TEXT))}…{" "}
        <button type="button" className="text-ink-2 underline underline-offset-3" onClick={() => setAll(true)}>
          all {value.length} characters
        </button>
      </span>
    );
  }
  const cut = typeof value === "object" && value !== null && !Array.isArray(value) && value.$ === "cut" ? value.reason : undefined;
  const type = typeOf(value);
  return (
    <span className="break-all" title={cut}>
      {Array.isArray(value) && value.length === 0 ? "[]" : childrenOf(value) ? previewOf(value, PREVIEW) : scalarText(value)}
      {cut !== undefined && <span className="text-ink-2"> {visible(cut)}</span>}
      {type !== undefined && !childrenOf(value) && <span className="text-ink-2"> {visible(type)}</span>}
    </span>
  );
}
