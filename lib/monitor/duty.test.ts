import { expect, test } from "vitest";
import { keepRunning, sleep, together } from "./duty.ts";

test("parts that run together all end before the error of one is thrown", async () => {
  const ended: string[] = [];
  const parts = [
    async (signal: AbortSignal) => {
      await sleep(60_000, signal);
      await Promise.resolve();
      ended.push("slow");
    },
    async () => {
      throw new Error("first");
    },
    async (signal: AbortSignal) => {
      await sleep(60_000, signal);
      throw new Error("second");
    },
  ];
  await expect(together(new AbortController().signal, parts)).rejects.toThrow("first");
  expect(ended).toEqual(["slow"]);
});

test("a duty that fails is told and started again, until the signal fires", async () => {
  const stop = new AbortController();
  const told: string[] = [];
  let runs = 0;
  const duty = {
    name: "listen",
    run: async () => {
      runs++;
      if (runs === 2) stop.abort();
      throw new Error("deaf");
    },
  };
  await keepRunning(duty, stop.signal, (name, reason) => told.push(`${name}: ${reason}`));
  expect([runs, told]).toEqual([2, ["listen: deaf"]]);
});
