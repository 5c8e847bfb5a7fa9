import type { ComponentProps, ReactElement } from "react";

const KINDS = {
  /** What one came for. */
  main: "border-ink bg-ink text-paper hover:bg-ink-2 hover:border-ink-2",
  plain: "border-ink-3 hover:bg-paper-2",
  /** Part of a bar: its border only shows under the pointer. */
  quiet: "border-transparent text-ink-2 hover:text-ink hover:bg-paper-2 aria-pressed:text-ink",
  /** Destroys something. */
  danger: "border-failure bg-failure text-paper hover:bg-paper hover:text-failure",
} as const;

export function Button({
  kind = "plain",
  className = "",
  type = "button",
  ...props
}: ComponentProps<"button"> & { kind?: keyof typeof KINDS }): ReactElement {
  return (
    <button
      type={type}
      className={`inline-flex h-(--row) items-center justify-center gap-1.5 rounded-md border px-2.5 text-table whitespace-nowrap transition-colors disabled:border-line disabled:bg-paper disabled:text-ink-3 ${KINDS[kind]} ${className}`}
      {...props}
    />
  );
}
