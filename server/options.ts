import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Layer } from "../lib/config.ts";
import { AppError, reasonOf } from "../lib/errors.ts";
import { BROKER_SETTINGS, SERVER_SETTINGS, type Setting, type SettingTable } from "../lib/settings.ts";

/** What was typed: `help` and `version` are answered at once, the rest goes through the configuration. */
export interface Options {
  help: boolean;
  version: boolean;
  /** The configuration file. */
  file: string | undefined;
  layer: Layer;
}

type OptionTable = NonNullable<ParseArgsConfig["options"]>;

/** Options of the broker that `--name` began; before the first `--name`, of every broker. Throws `bad-input` with one sentence. */
export function readOptions(args: readonly string[]): Options {
  const options: Options = {
    help: false,
    version: false,
    file: undefined,
    layer: { spell: (setting) => `--${setting}`, server: {}, everyBroker: {}, brokers: [] },
  };
  const { layer } = options;
  for (const token of tokensOf(args)) {
    // Not repeated: it may be a URL that lost its option, with a password in it.
    if (token.kind === "positional")
      throw new AppError("bad-input", "There is a word that belongs to no option (--help lists all options)");
    if (token.kind !== "option") continue;
    const name = token.name.replace(/^no-/, "");
    const value = token.value ?? !token.rawName.startsWith("--no-");
    if (name === "help") options.help = true;
    else if (name === "version") options.version = true;
    else if (name === "config") options.file = token.value;
    else if (name === "name") layer.brokers.push({ name: token.value });
    else if (name in SERVER_SETTINGS) addTo(layer.server, SERVER_SETTINGS, name, value);
    else addTo(layer.brokers.at(-1) ?? layer.everyBroker, BROKER_SETTINGS, name, value);
  }
  return options;
}

function addTo(settings: Record<string, unknown>, table: SettingTable, name: string, value: string | boolean): void {
  const earlier = settings[name];
  settings[name] = table[name]?.many === true ? [...(Array.isArray(earlier) ? (earlier as unknown[]) : []), value] : value;
}

function tokensOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTable(), allowNegative: true, allowPositionals: true, tokens: true }).tokens;
  } catch (error) {
    // Node's sentence goes on with advice about dashes; its first is enough.
    throw new AppError("bad-input", `${reasonOf(error).split(". ")[0]} (--help lists all options)`);
  }
}

function optionTable(): OptionTable {
  const typed = (table: SettingTable): OptionTable =>
    Object.fromEntries(
      Object.entries(table).map(([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string", multiple: true }]),
    );
  return {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean" },
    config: { type: "string" },
    name: { type: "string", multiple: true },
    ...typed(SERVER_SETTINGS),
    ...typed(BROKER_SETTINGS),
  };
}

const WIDTH = 100;
const INDENT = 26;

export function helpText(): string {
  return [
    "Usage: perennial --broker redis://HOST:6379/0 [options]",
    "       perennial --name eu --broker URL [options] --name us --broker URL [options]",
    "",
    wrapped(
      "Perennial watches Celery on Redis and serves what it sees on one address. It writes nothing to the watched application but its own history.",
      0,
    ),
    "",
    "The server",
    ...Object.entries(SERVER_SETTINGS).map(settingHelp),
    optionHelp("config", "FILE", "A YAML file with the same settings, and a list of brokers."),
    optionHelp("help", undefined, "Say this."),
    optionHelp("version", undefined, "Say which version this is."),
    "",
    "Each broker",
    optionHelp(
      "name",
      "NAME",
      "Begins a broker; options before the first --name are for all of them. Without any, there is one, called main.",
    ),
    ...Object.entries(BROKER_SETTINGS).map(settingHelp),
    "",
    wrapped(
      "Every option can be a variable, --max-age as PERENNIAL_MAX_AGE, or stand in the file, as max-age. Options win over variables, variables over the file.",
      0,
    ),
    "",
  ].join("\n");
}

function settingHelp([name, { schema, value, help }]: [string, Setting]): string {
  const isOnByDefault = value === undefined && schema.parse(undefined) === true;
  return optionHelp(isOnByDefault ? `no-${name}` : name, value, help);
}

function optionHelp(name: string, value: string | undefined, help: string): string {
  const head = `  --${name}${value === undefined ? "" : ` ${value}`}`;
  const text = wrapped(help, INDENT);
  return head.length < INDENT - 1 ? head + text.slice(head.length) : `${head}\n${text}`;
}

function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each).join("\n");
}
