import { isIPv4 } from "node:net";
import { AppError } from "./errors.ts";
import type { Limits } from "./log/log.ts";
import { BROKER_SETTINGS, SERVER_SETTINGS, type SettingsOf, type SettingTable } from "./settings.ts";

/** What one process does: checked and complete. */
export interface Config {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Where everything is served, such as `/ops/celery`; empty for the root. */
  prefix: string;
  /** Names by which requests may call this server, in small letters; null for any. */
  hostNames: string[] | null;
  development: boolean;
  /** At least one; no two share a name. */
  brokers: BrokerConfig[];
}

export interface BrokerConfig {
  name: string;
  /** URLs hold passwords: `displayUrl` of lib/redis.ts is what may be shown. */
  brokerUrl: string;
  /** The broker's own when none was named. */
  resultUrls: string[];
  /** Celery's `global_keyprefix`, of the broker and of its results. */
  keyPrefix: string;
  resultKeyPrefix: string;
  /** Ascending, the first is 0. */
  prioritySteps: number[];
  /** Whether workers may be asked to send their events. */
  enableEvents: boolean;
  store: StoreConfig;
  limits: LimitsConfig;
}

export type StoreConfig = { kind: "memory" } | { kind: "redis"; url: string };

/** `maxBytes` is null when the store's size shall decide. */
export type LimitsConfig = Omit<Limits, "maxBytes"> & { maxBytes: number | null };

/** Settings as one source spells them: the names are those of the options without their dashes. */
export interface Layer {
  /** What a person calls a setting of this source, for messages. */
  spell: (setting: string, broker?: number) => string;
  server: Record<string, unknown>;
  /** Of every broker that does not say otherwise itself. */
  everyBroker: Record<string, unknown>;
  /** In order; each has a `name`. */
  brokers: Record<string, unknown>[];
}

/** The variables `PERENNIAL_…`. They speak of every broker; `PERENNIAL_NAME` names the only one. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>> = process.env): Layer {
  const variable = (setting: string) => `PERENNIAL_${setting.toUpperCase().replaceAll("-", "_")}`;
  const values = (settings: readonly string[]) =>
    Object.fromEntries(settings.flatMap((setting) => nonEmpty(setting, environment[variable(setting)])));
  const { port, ...server } = values(Object.keys(SERVER_SETTINGS));
  return {
    spell: variable,
    // Kubernetes sets PERENNIAL_PORT=tcp://… itself where a service is called perennial.
    server: port?.startsWith("tcp://") === true || port === undefined ? server : { ...server, port },
    everyBroker: values(Object.keys(BROKER_SETTINGS)),
    brokers: nonEmpty("name", environment["PERENNIAL_NAME"]).map(([, name]) => ({ name })),
  };
}

/** The file that `PERENNIAL_CONFIG` names. */
export function environmentFile(environment: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  return environment["PERENNIAL_CONFIG"] || undefined;
}

/** Compose files and manifests set to nothing what they leave to the default. */
function nonEmpty(setting: string, value: string | undefined): [string, string][] {
  return value === undefined || value === "" ? [] : [[setting, value]];
}

const DEFAULT_NAME = "main";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The layers in one, earlier ones before later ones. Throws `bad-input` with one sentence that never holds a password. */
export function configOf(layers: readonly Layer[]): Config {
  const server = settingsOf(
    SERVER_SETTINGS,
    layers.map((layer) => ({ values: layer.server, spell: layer.spell })),
  );
  const anywhere = server["listen-anywhere-without-sign-in"];
  const host = server.host ?? (anywhere ? "0.0.0.0" : "127.0.0.1");
  if (!anywhere && !isLoopback(host)) {
    throw new AppError(
      "refused",
      `There is no sign-in, so whoever reaches ${host} could read and stop every task: listen on 127.0.0.1, or say --listen-anywhere-without-sign-in`,
    );
  }
  const allowed = server["allowed-host"];
  const hostNames = isLoopback(host) || allowed.length > 0 ? ["localhost", host, ...allowed].map((name) => name.toLowerCase()) : null;
  const brokers = namesOf(layers).map((name) => brokerOf(name, layers));
  requireDistinct(brokers);
  return { host, port: server.port, prefix: server.prefix, hostNames, development: server.dev, brokers };
}

function brokerOf(name: string, layers: readonly Layer[]): BrokerConfig {
  if (!NAME.test(name)) {
    throw new AppError("bad-input", `A broker's name has letters, digits, dots, dashes and underscores only, not ${JSON.stringify(name)}`);
  }
  const own = layers.flatMap(({ brokers, everyBroker, spell }) => {
    const index = brokers.findIndex((broker) => broker["name"] === name);
    const { name: _, ...named } = brokers[index] ?? {};
    return [
      { values: named, spell: (setting: string) => spell(setting, index) },
      { values: everyBroker, spell },
    ];
  });
  const settings = settingsOf(BROKER_SETTINGS, own);
  const brokerUrl = settings.broker;
  if (brokerUrl === undefined) {
    throw new AppError(
      "bad-input",
      `Say where the broker ${name} is: --broker redis://HOST:6379/0, or PERENNIAL_BROKER, or a configuration file`,
    );
  }
  return {
    name,
    brokerUrl,
    resultUrls: settings.results ?? [brokerUrl],
    keyPrefix: settings["key-prefix"],
    resultKeyPrefix: settings["result-key-prefix"],
    prioritySteps: settings["priority-steps"],
    enableEvents: settings["enable-events"],
    store: settings.store === "memory" ? { kind: "memory" } : { kind: "redis", url: settings.store ?? brokerUrl },
    limits: { maxAgeMs: settings["max-age"], maxTasks: settings["max-tasks"], maxBytes: settings["max-bytes"] },
  };
}

/** In the order of their first mention. */
function namesOf(layers: readonly Layer[]): string[] {
  const names = new Set<string>();
  for (const layer of layers) {
    for (const [index, { name }] of layer.brokers.entries()) {
      if (typeof name !== "string") throw new AppError("bad-input", `${layer.spell("name", index)} must be a name`);
      names.add(name);
    }
  }
  return names.size > 0 ? [...names] : [DEFAULT_NAME];
}

/** Two logs under one name, or two names for one system, would each show half of it. */
function requireDistinct(brokers: readonly BrokerConfig[]): void {
  const seen = new Map<string, string>();
  for (const { name, brokerUrl, keyPrefix } of brokers) {
    const place = JSON.stringify([brokerUrl, keyPrefix]);
    const other = seen.get(place);
    if (other !== undefined)
      throw new AppError("bad-input", `The brokers ${other} and ${name} are one and the same: give each its own --broker`);
    seen.set(place, name);
  }
}

interface Source {
  values: Record<string, unknown>;
  spell: (setting: string) => string;
}

/** Each setting from the first source that has it. */
function settingsOf<Table extends SettingTable>(table: Table, sources: readonly Source[]): SettingsOf<Table> {
  const found: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(table)) {
    const source = sources.find(({ values }) => values[name] !== undefined);
    const parsed = schema.safeParse(source?.values[name]);
    if (!parsed.success) throw new AppError("bad-input", `${source?.spell(name) ?? name} ${parsed.error.issues[0]?.message}`);
    found[name] = parsed.data;
  }
  return readBy(table, found);
}

/** Safe because each value was made by the schema of its name just before. */
function readBy<Table extends SettingTable>(_table: Table, found: Record<string, unknown>): SettingsOf<Table> {
  return found as SettingsOf<Table>;
}

/** Whether only this machine can reach what listens there. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
