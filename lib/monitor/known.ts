import type { Known, KnownTask } from "../brokers/broker.ts";
import { stateOf } from "../model/state.ts";
import { FINAL_STATES, type Task } from "../model/task.ts";
import type { View } from "../view/view.ts";

/** What a broker's code may ask about what is already known, answered from the view. */
export function knownBy(view: View): Known {
  return {
    task(id) {
      const task = view.task(id);
      return task === undefined ? undefined : known(task);
    },
    unfinished(silentSince, from, limit) {
      const { table } = view;
      const isFinal = table.words.state.table((state) => FINAL_STATES.has(state));
      const tasks: KnownTask[] = [];
      for (const row of table.select((_last, _first, state) => isFinal[state] === 0)) {
        if (row < from || table.seenAt(row) > silentSince) continue;
        if (tasks.length === limit) return { tasks, next: row };
        const task = table.read(row);
        if (task.evidenceAt <= silentSince) tasks.push(known(task));
      }
      return { tasks, next: null };
    },
    workers: () => view.workers.all(),
    gaps: () => view.gaps.kept.flatMap(({ fromAt, at }) => (fromAt === null ? [] : [{ fromAt, at }])),
  };
}

function known(task: Task): KnownTask {
  return {
    id: task.id,
    state: stateOf(task),
    step: task.step,
    run: task.lastRun,
    received: task.receivedAt !== undefined,
    started: task.startedAt !== undefined,
    sentAt: task.sentAt,
    evidenceAt: task.evidenceAt,
    worker: task.worker,
    name: task.name,
    queue: task.queue,
  };
}
