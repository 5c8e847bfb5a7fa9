"use client";

import { type ReactElement, type ReactNode, useEffect, useId, useRef } from "react";

/** A dialog over the page: the browser keeps the focus inside and closes it on Escape. Mounted means open. */
export function Dialog({ title, onClose, children }: { title: ReactNode; onClose: () => void; children: ReactNode }): ReactElement {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      className="m-auto w-full max-w-xl rounded-md border border-line bg-paper p-0 text-ink shadow-xl outline-none max-md:mb-0 max-md:rounded-b-none"
    >
      <div className="grid max-h-[85dvh] grid-rows-[auto_minmax(0,1fr)] overflow-hidden">
        <h2 id={heading} className="border-b px-4 py-3 font-medium">
          {title}
        </h2>
        <div className="overflow-y-auto px-4 py-3">{children}</div>
      </div>
    </dialog>
  );
}
