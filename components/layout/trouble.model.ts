import type { Overview } from "../../lib/contract/overview.ts";
import type { Place } from "./places.tsx";

/** What is wrong at a page of the rail. */
export interface Trouble {
  count: number;
  text: string;
  loud: boolean;
}

/** Counts what needs a person behind each entry of the rail; undefined where nothing does. */
export function troubleAt(path: Place["path"], { findings, queues, workers }: Overview): Trouble | undefined {
  switch (path) {
    case "/": {
      const urgent = findings.filter(({ severity }) => severity !== "note");
      return troubleOf(
        urgent.length,
        urgent.some(({ severity }) => severity === "trouble"),
        "need you",
      );
    }
    case "/queues": {
      const bad = queues.filter(({ health }) => health === "growing" || health === "unconsumed" || health === "stuck");
      return troubleOf(
        bad.length,
        bad.some(({ health }) => health !== "growing"),
        "in trouble",
      );
    }
    case "/workers": {
      const bad = workers.filter(({ state }) => state === "lost" || state === "late" || state === "looping");
      return troubleOf(
        bad.length,
        bad.some(({ state }) => state !== "late"),
        "in trouble",
      );
    }
    case "/tasks":
      return undefined;
  }
}

function troubleOf(count: number, loud: boolean, what: string): Trouble | undefined {
  return count === 0 ? undefined : { count, loud, text: `${count} ${what}` };
}
