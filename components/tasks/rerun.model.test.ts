import { expect, it } from "vitest";
import type { RerunDraft } from "../../lib/contract/task.ts";
import { checkJson, requestOf } from "./rerun.model.ts";

const draft: RerunDraft = {
  id: "a",
  name: "send",
  queue: "billing",
  priority: null,
  args: "[90071992547409931]",
  kwargs: "{}",
  source: "queue",
  reason: "",
};

it("sends only what was changed, so that large numbers stay as they are", () => {
  expect(requestOf(draft, { args: "[90071992547409931]", kwargs: "{}", queue: "billing" })).toEqual({ confirm: true });
  expect(requestOf(draft, { args: "[1]", kwargs: "{}", queue: " slow " })).toEqual({ args: "[1]", queue: "slow", confirm: true });
});

it("takes a list as arguments and an object as keyword arguments", () => {
  expect(checkJson("[1]", "list").ok).toBe(true);
  expect(checkJson("{}", "list")).toEqual({ ok: false, reason: "Arguments are a list: [ … ]." });
  expect(checkJson("null", "object").ok).toBe(false);
  expect(checkJson("{", "object").ok).toBe(false);
});
