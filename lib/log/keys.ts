/** The keys of one broker's log. They share a hash tag, so that scripts over several of them work in a cluster. */
export interface LogKeys {
  /** Stream: raw batches not sealed yet. Ids are `<first ordinal>-<count>`. */
  tail: string;
  /** Stream: segments, with the same ids. */
  log: string;
  /** Stream: samples of queues, workers and Redis. Ids are their times. */
  samples: string;
  /** Stream: events as JSON in the field `event`, from anyone. */
  inbox: string;
  /** Stream: what operators did, in the field `d` as `act.ts` writes it, from replicas. */
  acts: string;
  /** String: the token of the leader, with a time to live. */
  lease: string;
  /** Hash: `epoch`. Can be lost: it is told again by the streams. */
  meta: string;
}

export function logKeys(broker: string, prefix = "perennial"): LogKeys {
  const key = (name: string): string => `${prefix}:{${broker}}:${name}`;
  return {
    tail: key("tail"),
    log: key("log"),
    samples: key("samples"),
    inbox: key("inbox"),
    acts: key("acts"),
    lease: key("lease"),
    meta: key("meta"),
  };
}
