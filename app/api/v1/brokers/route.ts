import { BrokerListQuery } from "../../../../lib/contract/overview.ts";
import { get } from "../../../../lib/http/route.ts";
import { listBrokers } from "../../../../lib/queries/list-brokers.ts";

export const GET = get(BrokerListQuery, listBrokers);
