#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { fileLayer } from "../lib/config-file.ts";
import { type Config, configOf, environmentFile, environmentLayer } from "../lib/config.ts";
import { errorCode, reasonOf } from "../lib/errors.ts";
import { shareMonitor } from "../lib/http/shared.ts";
import { locateBrokers } from "../lib/monitor/locate-brokers.ts";
import { startMonitor } from "../lib/monitor/monitor.ts";
import { displayUrl } from "../lib/redis.ts";
import { startServer } from "./main.ts";
import { helpText, type Options, readOptions } from "./options.ts";

/** With everything that is open being cut, closing takes half of it. */
const CLOSE_MS = 900;

/** The wrong option, the unreachable Redis: told in a sentence, and the same code as for every other program. */
const CANNOT_START = 2;

try {
  await run();
} catch (error) {
  // A fault of ours needs its stack; an expected failure is its sentence.
  console.error(errorCode(error) === undefined ? error : `perennial: ${reasonOf(error)}`);
  process.exit(errorCode(error) === undefined ? 1 : CANNOT_START);
}

async function run(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return void process.stdout.write(helpText());
  if (options.version) return void process.stdout.write(`${version()}\n`);
  await start(readConfig(options));
}

function readConfig(options: Options): Config {
  const file = options.file ?? environmentFile();
  return configOf([options.layer, environmentLayer(), ...(file === undefined ? [] : [fileLayer(file)])]);
}

async function start(wanted: Config): Promise<void> {
  const { config, sentences } = await locateBrokers(wanted);
  for (const sentence of sentences) console.log(sentence);
  const monitor = await startMonitor(config, version());
  shareMonitor(monitor);
  const server = await startServer(config).catch(async (error: unknown) => {
    await monitor.close();
    throw error;
  });
  endOnSignals(() => Promise.all([server.close(), monitor.close()]));
  const watched = config.brokers.map(({ name, brokerUrl }) => `${name} (${displayUrl(brokerUrl)})`).join(", ");
  console.log(`Perennial ${version()} watches ${watched}\n${server.address}`);
}

/** The first signal ends in good order, but soon; the second at once. */
function endOnSignals(close: () => Promise<unknown>): void {
  let isEnding = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      setTimeout(() => process.exit(1), CLOSE_MS);
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error("Perennial did not end in good order:", error);
          process.exit(1);
        },
      );
    });
  }
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return version;
}
