import type { ReactElement, ReactNode } from "react";
import type { SortField, TaskRow } from "../../lib/contract/task.ts";
import { StateMark } from "../state/state-mark.tsx";
import { Age, Duration } from "../time/time.tsx";
import { TaskWhat } from "./task-what.tsx";

export interface TaskColumn {
  id: string;
  head: string;
  /** What the list is sorted by at a click on the head. */
  sort?: SortField;
  hint?: string;
  className: string;
  cell: (task: TaskRow) => ReactNode;
}

/** The widths of all columns, on screens that have room for them; a phone has two lines instead. */
export const TASK_GRID =
  "md:grid md:items-center md:gap-x-4 md:grid-cols-[minmax(8rem,3fr)_7rem_3rem_4rem_4.5rem_minmax(6rem,3fr)] " +
  "lg:grid-cols-[minmax(9rem,3fr)_4.5rem_7rem_minmax(4rem,1fr)_minmax(5rem,2fr)_3rem_4rem_4.5rem_minmax(6rem,4fr)]";

const NUMBER = "md:text-right max-md:order-3 max-md:text-label";

export const TASK_COLUMNS: readonly TaskColumn[] = [
  {
    id: "task",
    head: "Task",
    sort: "name",
    className: "max-md:order-1 max-md:grow max-md:basis-0 clip",
    cell: ({ name }) => <Said text={name} />,
  },
  {
    id: "id",
    head: "Id",
    className: "max-lg:hidden clip",
    cell: ({ id }) => (
      <span className="said text-ink-2" title={id}>
        {id.slice(0, 8)}
      </span>
    ),
  },
  {
    id: "state",
    head: "State",
    sort: "state",
    className: "max-md:order-1 max-md:shrink-0 clip",
    cell: ({ state, retries, sentAt, tag, inferred }) => (
      <StateMark state={state} retries={retries} sentAt={sentAt} tag={tag} inferred={inferred} />
    ),
  },
  { id: "queue", head: "Queue", sort: "queue", className: "max-lg:hidden clip", cell: ({ queue }) => <Said text={queue} quiet /> },
  { id: "worker", head: "Worker", sort: "worker", className: "max-lg:hidden clip", cell: ({ worker }) => <Said text={worker} quiet /> },
  {
    id: "age",
    head: "Age",
    sort: "last",
    hint: "Since anything was last heard of it",
    className: NUMBER,
    cell: ({ lastAt }) => (
      <>
        <Age at={lastAt} />
        <span className="text-ink-2 md:hidden"> ago</span>
      </>
    ),
  },
  {
    id: "wait",
    head: "Wait",
    sort: "wait",
    hint: "From being sent, or due, until its run began; without its retries",
    className: `${NUMBER} max-md:hidden`,
    cell: ({ waitMs }) => waitMs !== null && <Duration ms={waitMs} />,
  },
  {
    id: "run",
    head: "Run",
    sort: "run",
    hint: "As its worker measured it",
    className: NUMBER,
    cell: ({ runMs }) =>
      runMs !== null && (
        <>
          <span className="text-ink-2 md:hidden">ran </span>
          <Duration ms={runMs} />
        </>
      ),
  },
  {
    id: "what",
    head: "What",
    hint: "Exception, progress or result",
    className: "max-md:order-3 max-md:grow max-md:basis-0 clip",
    cell: (task) => <TaskWhat task={task} />,
  },
];

function Said({ text, quiet = false }: { text: string | null; quiet?: boolean }): ReactElement | null {
  if (text === null) return quiet ? null : <span className="text-ink-2">Name not known</span>;
  return (
    <span className={`said ${quiet ? "text-ink-2" : ""}`} title={text}>
      {text}
    </span>
  );
}
