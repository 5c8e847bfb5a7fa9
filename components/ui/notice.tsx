import type { ReactElement, ReactNode } from "react";

/** Where a list would be and nothing is, or something went wrong: what it means and what to do next. */
export function Notice({ title, children, role }: { title: ReactNode; children?: ReactNode; role?: "alert" | "status" }): ReactElement {
  return (
    <div role={role} className="max-w-2xl py-8">
      <p className="font-medium">{title}</p>
      {children && <div className="mt-1 grid gap-3 text-ink-2">{children}</div>}
    </div>
  );
}

/** What could not be asked, why, and the way to ask again. */
export function Failure({ what, error, retry }: { what: string; error: unknown; retry?: () => void }): ReactElement {
  return (
    <Notice title={`${what} could not be read`} role="alert">
      <p>{error instanceof Error ? error.message : "The reason is not known."}</p>
      {retry && (
        <p>
          <button type="button" className="text-ink underline underline-offset-3" onClick={() => retry()}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  );
}
