import type { ReactElement } from "react";
import { formatCount, groupDigits } from "./number.model.ts";

/** A count: exact up to 9,999, then shortened, with all digits on hover. `exact: false` is a lower bound. */
export function Count({ value, exact = true }: { value: number; exact?: boolean }): ReactElement {
  const plus = exact ? "" : "+";
  return <span title={value >= 10_000 ? groupDigits(value) + plus : undefined}>{formatCount(value) + plus}</span>;
}
