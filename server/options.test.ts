import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";
import { parseConfigFile } from "../lib/config-file.ts";
import { type Config, configOf, environmentLayer } from "../lib/config.ts";

interface Sources {
  typed?: string;
  variables?: Record<string, string>;
  file?: string;
}

function read({ typed = "", variables = {}, file }: Sources): Config {
  const options = readOptions(typed.split(" ").filter((word) => word !== ""));
  return configOf([options.layer, environmentLayer(variables), ...(file === undefined ? [] : [parseConfigFile("p.yaml", file)])]);
}

const FILE = `
port: 9000
brokers:
  - name: eu
    broker: redis://eu/0
    results: [redis://eu/1, redis://eu/2]
    max-age: 3d
  - name: us
    broker: redis://us/0
`;

describe("the configuration", () => {
  it("needs no more than a broker", () => {
    expect(read({ typed: "--broker redis://h/3" })).toEqual({
      host: "127.0.0.1",
      port: 8555,
      prefix: "",
      hostNames: ["localhost", "127.0.0.1"],
      development: false,
      brokers: [
        {
          name: "main",
          brokerUrl: "redis://h/3",
          resultUrls: ["redis://h/3"],
          keyPrefix: "",
          resultKeyPrefix: "",
          prioritySteps: [0, 3, 6, 9],
          enableEvents: true,
          store: { kind: "redis", url: "redis://h/3" },
          limits: { maxAgeMs: 604_800_000, maxTasks: 1_000_000, maxBytes: null },
        },
      ],
    });
  });

  it("knows its names: on this machine alone its own and those it is told, elsewhere any unless it is told", () => {
    const names = (typed: string) => read({ typed: `--broker redis://h ${typed}` }).hostNames;
    expect(names("--allowed-host Ops.example.com --allowed-host www")).toEqual(["localhost", "127.0.0.1", "ops.example.com", "www"]);
    expect(names("--listen-anywhere-without-sign-in")).toBeNull();
    expect(names("--listen-anywhere-without-sign-in --allowed-host ops")).toContain("ops");
  });

  it("has a broker for each --name, and what stands before the first is for all of them", () => {
    const { brokers } = read({
      typed: "--store memory --name eu --broker redis://eu/0 --name us --broker redis://us/0 --store redis://s/9",
    });
    expect(brokers.map(({ name, brokerUrl, store }) => [name, brokerUrl, store])).toEqual([
      ["eu", "redis://eu/0", { kind: "memory" }],
      ["us", "redis://us/0", { kind: "redis", url: "redis://s/9" }],
    ]);
  });

  it("takes several result stores", () => {
    expect(read({ typed: "--broker redis://h/0 --results redis://h/1 --results redis://h/2" }).brokers[0]?.resultUrls).toEqual([
      "redis://h/1",
      "redis://h/2",
    ]);
    expect(
      read({ variables: { PERENNIAL_BROKER: "redis://h/0", PERENNIAL_RESULTS: "redis://h/1 redis://h/2" } }).brokers[0]?.resultUrls,
    ).toHaveLength(2);
  });

  it("prefers what was typed to variables, and those to the file", () => {
    const config = read({ typed: "--name eu --max-age 1d", variables: { PERENNIAL_MAX_AGE: "2d", PERENNIAL_PORT: "9001" }, file: FILE });
    expect(config.port).toBe(9001);
    expect(config.brokers.map(({ name, limits }) => [name, limits.maxAgeMs / 86_400_000])).toEqual([
      ["eu", 1],
      ["us", 2],
    ]);
    expect(config.brokers[0]?.resultUrls).toEqual(["redis://eu/1", "redis://eu/2"]);
  });

  it("does not mind variables that are set to nothing, nor the one Kubernetes makes of a service's name", () => {
    expect(read({ variables: { PERENNIAL_BROKER: "redis://h/0", PERENNIAL_PREFIX: "", PERENNIAL_PORT: "tcp://10.0.0.1:8555" } }).port).toBe(
      8555,
    );
  });

  it("listens elsewhere than on loopback only when told so in as many words", () => {
    const typed = "--broker redis://h/0";
    expect(() => read({ typed: `${typed} --host 0.0.0.0` })).toThrow("--listen-anywhere-without-sign-in");
    expect(() => read({ typed: `${typed} --host example.com` })).toThrow("no sign-in");
    expect(read({ typed: `${typed} --host 0.0.0.0 --listen-anywhere-without-sign-in` }).host).toBe("0.0.0.0");
    expect(read({ typed: `${typed} --listen-anywhere-without-sign-in` }).host).toBe("0.0.0.0");
    for (const host of ["127.0.0.2", "::1", "localhost"]) expect(read({ typed: `${typed} --host ${host}` }).host).toBe(host);
  });
});

describe("a mistake is told in one sentence, where it was made and without a password", () => {
  const mistakes: [string, Sources, string][] = [
    ["no broker", {}, "Say where the broker main is: --broker redis://HOST:6379/0, or PERENNIAL_BROKER, or a configuration file"],
    ["a wrong option", { typed: "--prot 1" }, "Unknown option '--prot' (--help lists all options)"],
    ["an option without its value", { typed: "--port" }, "Option '--port <value>' argument missing (--help lists all options)"],
    ["a stray word", { typed: "redis://:secret@h" }, "There is a word that belongs to no option (--help lists all options)"],
    ["a bad port", { typed: "--broker redis://h --port x" }, "--port must be a port from 0 to 65535"],
    [
      "a bad variable",
      { variables: { PERENNIAL_MAX_AGE: "long", PERENNIAL_BROKER: "redis://h" } },
      "PERENNIAL_MAX_AGE must be a time such as 7d, 12h or 30m",
    ],
    [
      "a broker that is not on Redis",
      { typed: "--broker amqp://u:secret@h" },
      "--broker must be a URL such as redis://HOST:6379/0 or rediss://HOST:6380/0",
    ],
    [
      "a name for keys",
      { typed: "--name a{b} --broker redis://h" },
      `A broker's name has letters, digits, dots, dashes and underscores only, not "a{b}"`,
    ],
    [
      "one broker twice",
      { typed: "--broker redis://h/0 --name a --name b" },
      "The brokers a and b are one and the same: give each its own --broker",
    ],
    [
      "a bad value in a file",
      { file: "brokers: [{name: eu, broker: redis://h, max-tasks: 0}]" },
      "p.yaml: brokers[0].max-tasks must be a whole number from 1 on",
    ],
    ["an unknown key", { file: "brokers: [{name: eu, brokers: x}]" }, "p.yaml: brokers[0] has no setting brokers"],
    ["a file without brokers", { file: "port: 1" }, "p.yaml: brokers is missing"],
    ["a broker without a name", { file: "brokers: [{broker: redis://h}]" }, "p.yaml: brokers[0].name is missing"],
    ["a file of another shape", { file: "- 1" }, "p.yaml: must be a mapping"],
    ["a file that is not YAML", { file: "brokers: [\n  {broker: 'redis://:secret@h" }, "p.yaml is not YAML: look at line 2"],
  ];
  it.each(mistakes)("%s", (_, sources, sentence) => {
    expect(() => read(sources)).toThrow(expect.objectContaining({ name: "AppError", message: sentence }));
  });
});
