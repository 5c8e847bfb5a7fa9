import type { Value } from "./value.ts";

/** A float as CPython's `repr` writes it: shortest digits, an exponent below 1e-4 and from 1e16 on. */
export function floatText(float: number): string {
  if (Number.isNaN(float)) return "nan";
  if (!Number.isFinite(float)) return float > 0 ? "inf" : "-inf";
  if (Object.is(float, -0)) return "-0.0";
  const [mantissa = "", power = ""] = float.toExponential().split("e");
  const exponent = Number(power);
  if (float !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return Number.isInteger(float) ? `${float}.0` : String(float);
}

export function floatValue(float: number): Value {
  return Number.isFinite(float) && !Number.isInteger(float) ? float : { $: "float", text: floatText(float) };
}

/** A decimal float literal. One that overflows keeps its digits: Python would read infinity, and they say more. */
export function floatValueOf(text: string): Value {
  const float = Number(text);
  return Number.isFinite(float) ? floatValue(float) : { $: "float", text: text.toLowerCase() };
}

/** A decimal integer literal: an optional sign and digits. */
export function intValueOf(text: string): Value {
  const int = Number(text);
  if (Number.isSafeInteger(int)) return int + 0; // + 0 makes -0 the integer it is in Python
  return { $: "int", text: text.replace(/^\+/, "").replace(/^(-?)0+/, "$1") };
}

export function bigintValue(int: bigint): Value {
  const small = Number(int);
  return Number.isSafeInteger(small) ? small : { $: "int", text: int.toString() };
}

export function complexText(real: number, imaginary: number): string {
  const imaginaryText = `${short(imaginary)}j`;
  if (Object.is(real, 0)) return imaginaryText;
  return `(${short(real)}${imaginaryText.startsWith("-") ? "" : "+"}${imaginaryText})`;
}

const FLOAT = String.raw`(?:\d+\.?\d*(?:e[-+]?\d+)?|inf|nan)`;
const COMPLEX = new RegExp(`^\\(?(?:(-?${FLOAT})(?=[-+]))?([-+]?${FLOAT})j\\)?$`);

/** A complex literal as Python's `repr` or PyYAML writes it. */
export function complexValueOf(text: string): Value | undefined {
  const [match, real = "0", imaginary = ""] = COMPLEX.exec(text) ?? [];
  return match === undefined ? undefined : { $: "complex", text: complexText(floatOf(real), floatOf(imaginary)) };
}

/** The number that Python's word for a float means. */
export function floatOf(text: string): number {
  return Number(text.replace("inf", "Infinity").replace("nan", "NaN"));
}

/** Inside a complex number CPython leaves `.0` out. */
function short(float: number): string {
  return floatText(float).replace(/\.0$/, "");
}
