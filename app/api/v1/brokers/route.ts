import { Nothing } from "../../../../lib/contract/common.ts";
import { get } from "../../../../lib/http/route.ts";
import { listBrokers } from "../../../../lib/queries/list-brokers.ts";

export const GET = get(Nothing, listBrokers);
