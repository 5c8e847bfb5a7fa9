import { rerunTask } from "../../../../../../lib/commands/rerun-task.ts";
import { RerunRequest, TaskAddress } from "../../../../../../lib/contract/task.ts";
import { get, post } from "../../../../../../lib/http/route.ts";
import { getRerunDraft } from "../../../../../../lib/queries/get-rerun-draft.ts";

export const GET = get(TaskAddress, getRerunDraft);
export const POST = post(TaskAddress, RerunRequest, rerunTask);
