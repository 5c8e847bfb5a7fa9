import { expect, test, vi } from "vitest";
import type { LiveMessage } from "../contract/series.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { taskEvent, testMonitor } from "../testing/monitor.ts";
import { watchChanges } from "./watch-changes.ts";

const AT = Date.now();

test("the first change is told at once, what follows is gathered, and after the end nothing is told", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "Date"] });
  const prod = testMonitor();
  const messages: LiveMessage[] = [];
  const stop = watchChanges(prod.monitor, LOCAL_OPERATOR, {}, (message) => messages.push(message));
  const turn = () => vi.advanceTimersByTimeAsync(1);

  await prod.tell(taskEvent("task.sent", "a", AT));
  await turn();
  expect(messages).toMatchObject([{ type: "tick", tasks: ["a"], ordinal: 1, queues: false, workers: false }]);

  await prod.tell(taskEvent("task.sent", "b", AT));
  await turn();
  await prod.tell(taskEvent("task.sent", "c", AT));
  prod.sample({ at: AT, queues: [] });
  await turn();
  expect(messages).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(messages.slice(1)).toMatchObject([{ tasks: ["b", "c"], ordinal: 3, queues: true }]);

  await prod.tell(taskEvent("task.sent", "d", AT));
  stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(messages).toHaveLength(2);
  vi.useRealTimers();
});
