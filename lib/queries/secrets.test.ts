import { describe, expect, test } from "vitest";
import { dict, type Value } from "../wire/python/value.ts";
import { withoutSecrets } from "./secrets.ts";

describe("in a text", () => {
  test.each([
    ["redis://:hunter2@h:6379/0", "redis://:***@h:6379/0"],
    ["redis://ann:hunter2@h:6379/0", "redis://ann:***@h:6379/0"],
    ["redis://hunter2@h", "redis://***@h"],
    ["redis://:hu/nt#er@2@h/0", "redis://:***@h/0"],
    ["sentinel://:hunter2@a:1;sentinel://:hunter2@b:2", "sentinel://:***@a:1;sentinel://:***@b:2"],
    ["db+postgresql://ann:hunter2@h/x?sslpassword=hunter2&a=1", "db+postgresql://ann:***@h/x?sslpassword=***&a=1"],
    [
      "azureblockblob://AccountName=n;AccountKey=hunter2==;EndpointSuffix=s",
      "azureblockblob://AccountName=n;AccountKey=***;EndpointSuffix=s",
    ],
    ["redis://h:6379/0", "redis://h:6379/0"],
    ["ann@example.com", "ann@example.com"],
    ["%(asctime)s: %(message)s", "%(asctime)s: %(message)s"],
  ])("%s becomes %s", (text, shown) => expect(withoutSecrets(text)).toBe(shown));

  test("a hostile one takes no time", () => {
    const begunAt = performance.now();
    for (const part of ["a://", "a:@", ";a", "a-", "password="]) withoutSecrets(part.repeat(250_000));
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  });
});

describe("the setting", () => {
  const shown = (name: string, value: Value): Value => withoutSecrets(dict([[name, value]]));

  test.each([
    "redis_password",
    "PASSWORD",
    "security_key_password",
    "s3_secret_access_key",
    "apiKey",
    "API_KEY",
    "SECRET_KEY",
    "auth_token",
    "dsn",
  ])("%s is secret", (name) => {
    for (const value of ["hunter2", 7, ["hunter2"], dict([["a", "hunter2"]])]) expect(shown(name, value)).toEqual(dict([[name, "***"]]));
  });

  test.each(["task_default_routing_key", "result_backend_global_keyprefix", "security_key", "worker_pool", "task_compression"])(
    "%s is not",
    (name) => expect(shown(name, "told")).toEqual(dict([[name, "told"]])),
  );

  test("shows whether a secret is set at all", () => {
    for (const value of [null, "", false]) expect(shown("redis_password", value)).toEqual(dict([["redis_password", value]]));
  });

  test("is looked for in all depths", () => {
    const conf = dict([["transport_options", dict([["sentinel_kwargs", [dict([["password", "hunter2"]])]]])]]);
    expect(JSON.stringify(withoutSecrets(conf))).not.toContain("hunter2");
    expect(JSON.stringify(withoutSecrets({ $: "tuple", items: ["redis://:hunter2@h"] }))).not.toContain("hunter2");
  });
});
