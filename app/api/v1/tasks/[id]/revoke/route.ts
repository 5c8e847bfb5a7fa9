import { revokeTask } from "../../../../../../lib/commands/revoke-task.ts";
import { RevokeRequest, TaskAddress } from "../../../../../../lib/contract/task.ts";
import { post } from "../../../../../../lib/http/route.ts";

export const POST = post(TaskAddress, RevokeRequest, revokeTask);
