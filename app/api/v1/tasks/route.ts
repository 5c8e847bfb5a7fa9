import { TaskListQuery } from "../../../../lib/contract/task.ts";
import { get } from "../../../../lib/http/route.ts";
import { listTasks } from "../../../../lib/queries/list-tasks.ts";

export const GET = get(TaskListQuery, listTasks);
