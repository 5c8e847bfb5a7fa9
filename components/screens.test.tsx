import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../lib/client/api.ts";
import { overviewOptions } from "../lib/client/overview.ts";
import { newQueryClient } from "../lib/client/query-client.ts";
import { queueListOptions, queueMessagesOptions, queueOptions } from "../lib/client/queues.ts";
import { readTaskSearch } from "../lib/client/task-search.ts";
import { taskHeadOptions, taskListOptions, taskOptions } from "../lib/client/tasks.ts";
import { workerListOptions, workerOptions } from "../lib/client/workers.ts";
import type { TaskList } from "../lib/contract/task.ts";
import { calmOverview, deafHealth, goodHealth, silentOverview, troubledOverview } from "../lib/testing/factories/overview.ts";
import { growingQueue, heldMessage, poisonMessage, unconsumedQueue, waitingMessage } from "../lib/testing/factories/queue.ts";
import { failedDetail, failedTask, lostTask, NOW, queuedTask, retryingTask } from "../lib/testing/factories/task.ts";
import { lostWorker, onlineWorker, workerDetail } from "../lib/testing/factories/worker.ts";
import { Banner } from "./layout/banner.tsx";
import { OverviewScreen } from "./overview/overview-screen.tsx";
import { QueueScreen } from "./queues/queue-screen.tsx";
import { QueuesScreen } from "./queues/queues-screen.tsx";
import { TaskScreen } from "./tasks/task-screen.tsx";
import { TasksScreen } from "./tasks/tasks-screen.tsx";
import { ClockProvider } from "./time/clock.tsx";
import { WorkerScreen } from "./workers/worker-screen.tsx";
import { WorkersScreen } from "./workers/workers-screen.tsx";

const address = vi.hoisted(() => ({ search: "" }));
vi.mock("next/navigation", () => ({
  useSearchParams: () => new URLSearchParams(address.search),
  usePathname: () => "/tasks",
  useRouter: () => ({ push() {} }),
}));
vi.mock("next/dynamic", () => ({ default: () => () => null }));

const SCOPE = { window: "1h" } as const;

let cache = newQueryClient();
beforeEach(() => {
  address.search = "";
  cache = newQueryClient();
  cache.setDefaultOptions({ queries: { retry: false, retryOnMount: false } });
});

/** What the server draws, without its tags. */
function textOf(screen: ReactElement): string {
  const html = renderToString(
    <QueryClientProvider client={cache}>
      <ClockProvider now={NOW} zone="UTC">
        {screen}
      </ClockProvider>
    </QueryClientProvider>,
  );
  return html
    .replaceAll(/<!-- -->/g, "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
}

async function fails(options: { queryKey: readonly unknown[] }, error: Error): Promise<void> {
  await cache.prefetchQuery({ queryKey: options.queryKey, queryFn: () => Promise.reject(error) });
}

const away = new ApiError(503, "Redis does not answer.");
const unknown = new ApiError(404, "There is no such thing.");

describe("the overview", () => {
  const show = () => textOf(<OverviewScreen />);

  it("begins with the verdict and leads to what is wrong", () => {
    cache.setQueryData(overviewOptions(SCOPE).queryKey, troubledOverview());
    expect(show()).toMatch(/3 things need you .*billing.send_invoice fails since 14:02/);
  });

  it("is one quiet line when nobody is needed", () => {
    cache.setQueryData(overviewOptions(SCOPE).queryKey, calmOverview());
    expect(show()).toContain("All 7 workers answer, queues drain");
    expect(show()).toContain("Nothing failed.");
  });

  it("shows what could not be read, and what was not heard, only where there is any", () => {
    cache.setQueryData(overviewOptions(SCOPE).queryKey, calmOverview());
    expect(show()).not.toMatch(/One of them|Not heard/);
    const malformed = [{ where: "queue mail", reason: "not JSON", count: 1_204, lastAt: NOW - 60_000, sample: "\u202e<b>" }];
    const gaps = [{ fromAt: NOW - 90_000, at: NOW - 60_000, where: "events", reason: "the connection broke", count: null }];
    cache.setQueryData(overviewOptions(SCOPE).queryKey, calmOverview({ malformed, gaps }));
    expect(show()).toMatch(/Unreadable .*queue mail not JSON 1,204 .*\\u202e&lt;b&gt;/);
    expect(show()).toMatch(/Not heard .*30 s .*events the connection broke not known/);
  });

  it("teaches the two settings while no event is heard", () => {
    cache.setQueryData(overviewOptions(SCOPE).queryKey, silentOverview());
    expect(show()).toContain("app.conf.task_send_sent_event = True");
  });

  it("says that it reads, and what failed", async () => {
    expect(show()).toContain("Reading …");
    await fails(overviewOptions(SCOPE), away);
    expect(show()).toContain("The overview could not be read Redis does not answer.");
  });
});

describe("the banner", () => {
  it("says since when Redis is silent", () => {
    const text = textOf(<Banner us={deafHealth()} error={null} answeredAt={NOW} />);
    expect(text).toContain("Redis does not answer: connection refused (10.0.3.7:6379). Last event 8 m ago · 14:02:00");
  });

  it("says since when Perennial itself is silent, and nothing while all is well", () => {
    expect(textOf(<Banner us={goodHealth()} error={new ApiError(0, "Perennial does not answer.")} answeredAt={NOW - 60_000} />)).toContain(
      "Perennial does not answer. What you see is from 1 m ago · 14:09:00",
    );
    expect(textOf(<Banner us={goodHealth()} error={null} answeredAt={NOW} />)).toBe("");
  });
});

describe("the list of tasks", () => {
  const search = () => readTaskSearch(new URLSearchParams(address.search));
  const page = (over: Partial<TaskList> = {}): TaskList => ({
    tasks: [failedTask({ id: "aaaa1111" }), queuedTask({ id: "bbbb2222", name: "<b>bold</b>" })],
    total: { value: 2, exact: true },
    byState: { FAILURE: 1, PENDING: 1 },
    next: null,
    understood: null,
    ...over,
  });
  const list = (first: TaskList) => cache.setQueryData(taskListOptions(search()).queryKey, { pages: [first], pageParams: [null] });
  const show = () => textOf(<TasksScreen />);

  it("draws its first rows on the server, hostile names as text", () => {
    list(page());
    expect(show()).toMatch(/Failed 1 .*2 tasks .*aaaa1111 .*Exhausted .*&lt;b&gt;bold&lt;\/b&gt;/);
  });

  it("says when a task runs again, and what is only concluded", () => {
    list(page({ tasks: [retryingTask(), lostTask({ id: "dddd4444" })] }));
    expect(show()).toMatch(/Retrying .*due in 20 s · ConnectionError: db-2 refused .*Lost \(concluded, not told\)/);
  });

  it("announces what is new instead of inserting it", () => {
    list(page());
    cache.setQueryData(taskHeadOptions(search()).queryKey, page({ tasks: [queuedTask({ id: "cccc3333" }), ...page().tasks] }));
    expect(show()).toContain("+1 new");
    expect(show()).not.toContain("cccc3333");
  });

  it("says how the filter was understood, and where it is broken", async () => {
    address.search = "q=send_invoice";
    list(page({ understood: "send_invoice" }));
    expect(show()).toContain("2 tasks with send_invoice");
    address.search = "q=(";
    await cache.prefetchInfiniteQuery({
      ...taskListOptions(search()),
      queryFn: () => Promise.reject(new ApiError(400, "The filter text is broken.")),
    });
    expect(show()).toContain("This filter cannot be read. The filter text is broken.");
  });

  it("offers a way out of an empty list", () => {
    address.search = "state=LOST";
    list(page({ tasks: [], total: { value: 0, exact: true } }));
    expect(show()).toMatch(/No task matches\. .*Look at all that is kept .*Drop the filters/);
  });
});

describe("a task", () => {
  const show = () => textOf(<TaskScreen id="74ff" />);

  it("tells its story, its attempts, and where its arguments come from", () => {
    cache.setQueryData(taskOptions("74ff", undefined).queryKey, failedDetail());
    const text = show();
    expect(text).toContain("failed after 5.0 s on celery@w3-b2 (attempt 3 of 3)");
    expect(text).toContain("3 attempts");
    expect(text).toMatch(/Arguments from its message in the queue · 14:09:02/);
    expect(text).toContain("from an event, as Python prints it · 14:09:02 · cut, 4,120 characters in all");
    expect(text).toContain("concluded, not told");
  });

  it("explains an id that nothing is known of", async () => {
    await fails(taskOptions("74ff", undefined), unknown);
    expect(show()).toContain("Nothing is known of this task. 74ff");
  });
});

describe("queues", () => {
  it("say why they are as they are", () => {
    cache.setQueryData(queueListOptions(SCOPE).queryKey, { queues: [growingQueue(), unconsumedQueue()], total: 5, omitted: 3 });
    expect(textOf(<QueuesScreen />)).toMatch(
      /billing 2,104 ≥ 6m 02s 240 200 never .*Growing .*3 of 4 workers .*No consumers .*3 more queues/,
    );
  });

  it("explain that an empty queue does not exist", async () => {
    cache.setQueryData(queueListOptions(SCOPE).queryKey, { queues: [], total: 0, omitted: 0 });
    expect(textOf(<QueuesScreen />)).toContain("Redis keeps an empty queue as no key at all");
    await fails(queueOptions("gone", SCOPE), unknown);
    expect(textOf(<QueueScreen name="gone" />)).toContain("There is no such queue now. gone");
  });

  it("name the message that stops workers", () => {
    cache.setQueryData(queueOptions("billing", SCOPE).queryKey, { queue: growingQueue(), held: [], heldTotal: 0 });
    const page = { messages: [waitingMessage(), poisonMessage({ position: 1 })], depth: 2, next: null, readAt: NOW };
    cache.setQueryData(queueMessagesOptions("billing", undefined, null).queryKey, { pages: [page], pageParams: [0] });
    expect(textOf(<QueueScreen name="billing" />)).toMatch(
      /billing.send_invoice .*Not a task message .*It is not JSON: a worker that takes it stops/,
    );
  });

  it("show what workers hold", () => {
    cache.setQueryData(queueOptions("billing", SCOPE).queryKey, { queue: growingQueue(), held: [heldMessage()], heldTotal: 158 });
    expect(textOf(<QueueScreen name="billing" />)).toMatch(/Taken, not yet acknowledged 158 .*celery@w3-b2 .*157 more are not shown/);
  });
});

describe("workers", () => {
  it("say their state and why", () => {
    cache.setQueryData(workerListOptions(SCOPE).queryKey, { workers: [lostWorker(), onlineWorker()], total: 2, omitted: 0 });
    expect(textOf(<WorkersScreen />)).toMatch(/celery@w4-b2 Lost 3 of 8 .*delivered again at 15:02/);
  });

  it("say what their slots do, and whose clock is off", () => {
    const detail = workerDetail({ worker: onlineWorker({ clockOffsetMs: -90_000 }) });
    cache.setQueryData(workerOptions("celery@w1-a1", SCOPE).queryKey, detail);
    const text = textOf(<WorkerScreen name="celery@w1-a1" />);
    expect(text).toContain("Running now 5 of 8");
    expect(text).toContain("Its clock is 1m 30s behind ours");
  });

  it("are explained when there are none, or not this one", async () => {
    cache.setQueryData(workerListOptions(SCOPE).queryKey, { workers: [], total: 0, omitted: 0 });
    expect(textOf(<WorkersScreen />)).toContain("No worker has been heard.");
    await fails(workerOptions("gone", SCOPE), unknown);
    expect(textOf(<WorkerScreen name="gone" />)).toContain("No worker of this name is known. gone");
  });
});
