import { TaskAddress } from "../../../../../lib/contract/task.ts";
import { get } from "../../../../../lib/http/route.ts";
import { getTask } from "../../../../../lib/queries/get-task.ts";

export const GET = get(TaskAddress, getTask);
