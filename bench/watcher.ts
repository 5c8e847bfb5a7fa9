import type { Asker } from "./ask.ts";
import type { Child } from "./child.ts";

/** A program that watches a broker, as far as it is measured. */
export interface Watcher {
  name: "perennial" | "flower";
  child: Child;
  address: string;
  ask: Asker;
  /** Path that answers 200 as soon as the program shows the task. */
  taskPath(id: string): string;
  /** How many of the events of tasks it has, by Celery's types. */
  countEvents(): Promise<Record<string, number>>;
  /** How many tasks it shows. */
  countTasks(): Promise<number>;
  stop(): Promise<void>;
}

export type Start = (broker: string) => Promise<Watcher>;
