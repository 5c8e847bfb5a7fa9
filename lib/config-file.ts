import { readFileSync } from "node:fs";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import type { Layer } from "./config.ts";
import { AppError, reasonOf } from "./errors.ts";
import { BROKER_SETTINGS, SERVER_SETTINGS, type SettingTable } from "./settings.ts";

/** Values are checked where all sources meet; here it is only settled that the file has no other keys. */
function keysOf(table: SettingTable) {
  return Object.fromEntries(Object.keys(table).map((name) => [name, z.unknown().optional()]));
}

const ConfigFile = z.strictObject({
  ...keysOf(SERVER_SETTINGS),
  brokers: z.array(z.strictObject({ name: z.string(), ...keysOf(BROKER_SETTINGS) })).min(1),
});

/** A configuration file's layer. Throws `bad-input` with one sentence that names the file and the place in it. */
export function fileLayer(path: string): Layer {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("bad-input", `The configuration file ${path} cannot be read: ${reasonOf(error)}`);
  }
  return parseConfigFile(path, text);
}

export function parseConfigFile(path: string, text: string): Layer {
  const { brokers, ...server } = checkedFile(path, yamlOf(path, text));
  return {
    spell: (setting, broker) => `${path}: ${broker === undefined ? setting : `brokers[${broker}].${setting}`}`,
    server,
    everyBroker: {},
    brokers,
  };
}

function yamlOf(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's own message shows the line, and there may be a password on it.
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new AppError("bad-input", `${path} is not YAML${line === undefined ? "" : `: look at line ${line}`}`);
  }
}

function checkedFile(path: string, value: unknown): z.output<typeof ConfigFile> {
  const parsed = ConfigFile.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = (issue?.path ?? []).map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  throw new AppError("bad-input", `${path}: ${place.replace(/^\./, "")}${place === "" ? "" : " "}${sayOf(issue)}`);
}

function sayOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "unrecognized_keys":
      return `has no setting ${issue.keys.join(", ")}`;
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${issue.expected === "object" ? "a mapping" : `a ${issue.expected}`}`;
    default:
      return issue?.message ?? "cannot be read";
  }
}
