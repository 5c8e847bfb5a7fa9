import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import { taskIdsOf } from "../../lib/wire/celery/result-tuple.ts";
import type { TaskFailed } from "../errors.ts";
import type { AnyResult, GetOptions, ResultActs, RevokeOptions } from "./any-result.ts";
import { AsyncResult } from "./async-result.ts";
import { whileParentsHold } from "./parents.ts";

/** The results of a group that was sent, in the order of its members. */
export class GroupResult<Results extends readonly unknown[] = readonly unknown[]> implements AnyResult<Results> {
  readonly id: string;
  readonly parent: AnyResult | null;
  readonly members: readonly AnyResult[];
  readonly #tuple: ResultTuple;
  readonly #acts: ResultActs;

  constructor(group: ResultTuple, acts: ResultActs) {
    this.id = group.id;
    this.parent = group.parent === null ? null : acts.resultOf(group.parent);
    this.members = (group.members ?? []).map((member) => acts.resultOf(member));
    this.#tuple = group;
    this.#acts = acts;
  }

  /** All results in order. Rejects as soon as one member, or something before the group, fails; without `propagate` failures stand in their places. */
  async get(options?: GetOptions & { propagate?: true }): Promise<Results>;
  async get(options: GetOptions): Promise<{ [At in keyof Results]: Results[At] | TaskFailed }>;
  async get(options: GetOptions = {}): Promise<Results | { [At in keyof Results]: Results[At] | TaskFailed }> {
    const { propagate = true } = options;
    return whileParentsHold(this, options, async (signal) =>
      asResults<Results>(await Promise.all(this.members.map((member) => member.get({ propagate, signal })))),
    );
  }

  /** How many members have succeeded. */
  async completedCount(): Promise<number> {
    const counts = await Promise.all(
      this.members.map(async (member) => {
        if (member instanceof GroupResult) return (await member.completedCount()) === member.members.length;
        return member instanceof AsyncResult && (await member.state()) === "SUCCESS";
      }),
    );
    return counts.filter(Boolean).length;
  }

  async children(): Promise<AnyResult[]> {
    return [...this.members];
  }

  async failure(): Promise<TaskFailed | null> {
    for (const member of this.members) {
      const failure = await member.failure();
      if (failure !== null) return failure;
    }
    return null;
  }

  async forget(): Promise<void> {
    await Promise.all(this.members.map((member) => member.forget()));
  }

  /** Tells all workers not to run the members. */
  async revoke(options: RevokeOptions = {}): Promise<void> {
    await this.#acts.revoke(taskIdsOf([this.#tuple]), options);
  }

  /** Keeps it under its id, for `app.restoreGroup`. */
  async save(): Promise<void> {
    await this.#acts.saveGroup(this.#tuple);
  }

  /** Takes back `save`. */
  async delete(): Promise<void> {
    await this.#acts.deleteGroup(this.id);
  }
}

/** The members promise their results' types, one by one. */
function asResults<Results extends readonly unknown[]>(values: unknown[]): Results {
  return values as unknown as Results;
}
