import { isoDate, isoDatetime } from "../python/iso.ts";
import { bigintValue, floatValue, floatValueOf, intValueOf } from "../python/number.ts";
import type { Value } from "../python/value.ts";

/**
 * What a plain scalar means to PyYAML (6.0), which reads YAML 1.1: `yes` is true, `010` is eight, `1:30` is ninety.
 * Everything that looks like nothing else is text.
 */
export function plainScalar(text: string): Value {
  if (NULL.test(text)) return null;
  return yamlBool(text) ?? yamlInt(text) ?? yamlFloat(text) ?? yamlTimestamp(text) ?? text;
}

const NULL = /^(?:|~|null|Null|NULL)$/;
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;

export function yamlBool(text: string): boolean | undefined {
  return TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
}

/** Digits of another base than ten take more than linear time to become decimal. */
const MAX_DIGITS = 10_000;

export function yamlInt(text: string): Value | undefined {
  const [, sign = "", body = ""] = /^([-+]?)([0-9].*)$/.exec(text) ?? [];
  const digits = body.replaceAll("_", "");
  if (/^(?:0|[1-9][0-9_]*)$/.test(body)) return intValueOf(sign + digits);
  if (body.length > MAX_DIGITS) return undefined;
  const size = otherBase(body, digits);
  return size === undefined ? undefined : bigintValue(sign === "-" ? -size : size);
}

function otherBase(body: string, digits: string): bigint | undefined {
  if (/^0b[01_]*[01][01_]*$/.test(body) || /^0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*$/.test(body)) return BigInt(digits);
  if (/^0[0-7_]+$/.test(body)) return BigInt(`0o${digits}`);
  if (!/^[1-9][0-9_]*(?::[0-5]?[0-9])+$/.test(body)) return undefined;
  return digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

export function yamlFloat(text: string): Value | undefined {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return { $: "float", text: text.startsWith("-") ? "-inf" : "inf" };
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { $: "float", text: "nan" };
  const plain = text.replaceAll("_", "");
  if (/^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/.test(text)) return floatValueOf(plain);
  if (!/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/.test(text)) return undefined;
  const size = plain
    .replace(/^[-+]/, "")
    .split(":")
    .reduce((sum, part) => sum * 60 + Number(part), 0);
  return floatValue(plain.startsWith("-") ? -size : size);
}

const TIMESTAMP = /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?)?$/;

export function yamlTimestamp(text: string): Value | undefined {
  const [match, year, month = "", day = "", hour, minute, second, fraction = "", zone, sign, zoneHour, zoneMinute = "00"] =
    TIMESTAMP.exec(text) ?? [];
  if (match === undefined) return undefined;
  const date = [year, month, day].map(Number);
  if (hour === undefined) {
    const iso = month.length === 2 && day.length === 2 ? isoDate(date) : undefined;
    return iso === undefined ? undefined : { $: "date", text: iso };
  }
  const micros = Number(fraction.slice(0, 6).padEnd(6, "0"));
  const iso = isoDatetime([...date, ...[hour, minute, second].map(Number), micros]);
  if (iso === undefined) return undefined;
  const offset = zone === undefined ? "" : zone === "Z" ? "+00:00" : `${sign}${zoneHour?.padStart(2, "0")}:${zoneMinute}`;
  return { $: "datetime", text: iso + offset };
}
