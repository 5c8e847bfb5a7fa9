import { describe, expect, it } from "vitest";
import { taskEvent, testMonitor, workerEvent } from "../testing/monitor.ts";
import { metricsText } from "./metrics-text.ts";

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

/** The lines of one family, without its help. */
async function family(monitor: ReturnType<typeof testMonitor>, name: string, now = NOW): Promise<string[]> {
  const lines = (await metricsText(monitor.monitor, now)).split("\n");
  return lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe("a scrape", () => {
  it("tells tasks by state", async () => {
    const monitor = testMonitor("eu");
    await monitor.tell(taskEvent("task.succeeded", "a", NOW), taskEvent("task.succeeded", "b", NOW), taskEvent("task.started", "c", NOW));
    expect(await family(monitor, "taskqueue_tasks")).toEqual([
      'taskqueue_tasks{source="eu",system="celery",state="SUCCESS"} 2',
      'taskqueue_tasks{source="eu",system="celery",state="STARTED"} 1',
    ]);
  });

  it("tells the depth of a queue over all its priorities, 0 when it is empty, and nothing when it could not be read of late", async () => {
    const monitor = testMonitor();
    monitor.sample({
      at: NOW,
      queues: [
        {
          name: "mail",
          byPriority: [
            { priority: 0, depth: 2 },
            { priority: 3, depth: 5 },
          ],
          oldest: { at: NOW - MINUTE, from: "sent" },
        },
        { name: "idle", byPriority: [{ priority: 0, depth: 0 }] },
      ],
    });
    const labels = 'source="prod",system="celery",queue=';
    expect(await family(monitor, "taskqueue_queue_messages_ready")).toEqual([
      `taskqueue_queue_messages_ready{${labels}"mail"} 7`,
      `taskqueue_queue_messages_ready{${labels}"idle"} 0`,
    ]);
    expect(await family(monitor, "taskqueue_queue_oldest_message_timestamp_seconds")).toEqual([
      `taskqueue_queue_oldest_message_timestamp_seconds{${labels}"mail"} ${(NOW - MINUTE) / 1000}`,
    ]);
    expect(await family(monitor, "taskqueue_queue_messages_ready", NOW + 2 * MINUTE)).toEqual([]);
  });

  it("bounds queues, and tells the rest together", async () => {
    const monitor = testMonitor();
    monitor.sample({
      at: NOW,
      queues: Array.from({ length: 203 }, (_, i) => ({ name: `q${i}`, byPriority: [{ priority: 0, depth: 10 }] })),
    });
    const lines = await family(monitor, "taskqueue_queue_messages_ready");
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('taskqueue_queue_messages_ready{source="prod",system="celery",queue="__other__"} 30');
  });

  it("tells a worker by the whole name of its node: 1, then 0 for a while after its end, then nothing", async () => {
    const monitor = testMonitor();
    await monitor.tell(
      workerEvent("worker.heartbeat", "w1@host", NOW, { active: 2, slots: 4, queues: ["mail"], processed: 9 }),
      workerEvent("worker.heartbeat", "w2@host", NOW),
      workerEvent("worker.lost", "w2@host", NOW, { state: "lost" }),
      workerEvent("worker.heartbeat", "beat@host", NOW, { kind: "beat" }),
    );
    monitor.sample({ at: NOW, queues: [{ name: "mail", byPriority: [{ priority: 0, depth: 0 }] }] });
    const up = (after: number) => family(monitor, "taskqueue_worker_up", NOW + after);
    expect(await up(0)).toEqual([
      'taskqueue_worker_up{source="prod",system="celery",worker="w1@host"} 1',
      'taskqueue_worker_up{source="prod",system="celery",worker="w2@host"} 0',
    ]);
    expect(await up(20 * MINUTE)).toHaveLength(2);
    expect(await up(26 * MINUTE)).toHaveLength(1);
    expect(await family(monitor, "taskqueue_workers")).toEqual([
      'taskqueue_workers{source="prod",system="celery",state="online"} 1',
      'taskqueue_workers{source="prod",system="celery",state="offline"} 1',
    ]);
    expect(await family(monitor, "taskqueue_queue_concurrency")).toEqual([
      'taskqueue_queue_concurrency{source="prod",system="celery",queue="mail"} 4',
    ]);
    expect(await family(monitor, "taskqueue_worker_processed_total")).toEqual([
      'taskqueue_worker_processed_total{source="prod",system="celery",worker="w1@host"} 9',
    ]);
  });

  it("leaves what all replicas know to the one that leads, and tells of itself in any case", async () => {
    const monitor = testMonitor();
    await monitor.tell(taskEvent("task.succeeded", "a", NOW));
    monitor.health = { ...monitor.health, role: "standby", connected: false, lastEventAt: NOW };
    expect(await family(monitor, "taskqueue_tasks")).toEqual([]);
    expect(await family(monitor, "perennial_leader")).toEqual(['perennial_leader{source="prod",system="celery"} 0']);
    expect(await family(monitor, "perennial_event_stream_up")).toEqual(['perennial_event_stream_up{source="prod",system="celery"} 0']);
    expect(await family(monitor, "perennial_last_event_timestamp_seconds")).toEqual([
      `perennial_last_event_timestamp_seconds{source="prod",system="celery"} ${NOW / 1000}`,
    ]);
    expect(await family(monitor, "process_cpu_seconds_total")).toHaveLength(1);
  });

  it("puts names from the application into labels safely, and the series of a family together", async () => {
    const monitor = testMonitor();
    const other = testMonitor("other");
    const monitors = { ...monitor.monitor, brokers: new Map([...monitor.monitor.brokers, ...other.monitor.brokers]) };
    for (const one of [monitor, other])
      one.sample({ at: NOW, queues: [{ name: 'a"\\\n\u0000}', byPriority: [{ priority: 0, depth: 1 }] }] });
    const text = await metricsText(monitors, NOW);
    const own = 'system="celery",queue="a\\"\\\\\\n\ufffd}"} 1\n';
    expect(text).toContain(
      `# TYPE taskqueue_queue_messages_ready gauge\ntaskqueue_queue_messages_ready{source="prod",${own}taskqueue_queue_messages_ready{source="other",${own}`,
    );
    expect(text.match(/^# TYPE (\S+)/gm)).toHaveLength(new Set(text.match(/^# TYPE (\S+)/gm)).size);
    expect(text).toMatch(/\n$/);
  });
});
