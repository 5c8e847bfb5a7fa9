/** Digits and unit apart, because the unit is set lighter. */
export interface Quantity {
  digits: string;
  unit: string;
}

/** `1,284`; from 10,000 on `12.3k`, `4.56M`. */
export function formatCount(count: number): string {
  const size = Math.abs(count);
  if (size < 10_000) return groupDigits(Math.round(count));
  const [scale, letter] = size < 999_500 ? [1e3, "k"] : size < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
  const scaled = count / scale;
  return `${threeDigits(scaled)}${letter}`;
}

/** A count in full, for hover texts and screen readers. */
export function groupDigits(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `0.4`, `6.1`, `12`, `840`: two to three digits that mean something. */
export function formatRate(rate: number): string {
  if (rate === 0) return "0";
  if (Math.abs(rate) < 10) return trimZero(rate.toFixed(1)) === "0" ? "<0.1" : trimZero(rate.toFixed(1));
  return formatCount(Math.round(rate));
}

/** Two significant digits and more where they say something: `0.8 %`, `12 %`, `<0.1 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "";
  const percent = (part / whole) * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "<0.1 %";
  return `${percent < 10 ? trimZero(percent.toFixed(1)) : Math.round(percent)} %`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatBytes(bytes: number): Quantity {
  let scaled = bytes;
  let step = 0;
  while (scaled >= 1000 && step < BYTES.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return { digits: step === 0 ? String(Math.round(scaled)) : threeDigits(scaled), unit: BYTES[step] ?? "B" };
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return size < 10 ? trimZero(value.toFixed(2)) : size < 100 ? trimZero(value.toFixed(1)) : String(Math.round(value));
}

function trimZero(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
