import type { ReactElement, ReactNode } from "react";

/** A part of a page: a hairline, a heading, what belongs beside it, and the thing itself. */
export function Section({
  title,
  aside,
  children,
  id,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  id?: string;
}): ReactElement {
  return (
    <section id={id} className="border-t py-3 first:border-t-0" aria-label={typeof title === "string" ? title : undefined}>
      <div className="mb-1 flex min-h-7 flex-wrap items-center gap-x-3">
        <h2 className="font-medium">{title}</h2>
        {aside && <div className="flex min-w-0 flex-wrap items-center gap-x-3 text-label text-ink-2">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
