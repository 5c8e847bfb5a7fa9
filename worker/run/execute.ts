import type { Value } from "../../lib/wire/python/value.ts";
import { Ignore, PythonError, Reject, Retry } from "../errors.ts";
import type { Execute } from "../pool/pool.ts";
import { autoretryDelay } from "../task/autoretry.ts";
import { type ContextActs, TaskContext } from "../task/context.ts";
import { type Run, within } from "../task/current.ts";
import type { Outcome } from "../task/outcome.ts";
import { raisedException } from "../task/raised.ts";
import type { RegisteredTask, TaskRegistry } from "../task/registry.ts";

/** Runs tasks of a registry in this process, and says what became of each. */
export function executor(tasks: TaskRegistry, hostname: string, acts: ContextActs): Execute {
  return async (request, signal) => {
    const task = tasks.get(request.type);
    if (task === undefined) return raised(new PythonError("NotRegistered", [request.type], "celery.exceptions"), [], false);
    const run: Run = { request, children: [], ended: false };
    signal.addEventListener("abort", () => (run.ended = ends(signal.reason)), { once: true });
    const ctx = new TaskContext(run, signal, task.options, hostname, acts);
    const beganAt = performance.now();
    try {
      const result: Value = await within(run, () => attempt(task, ctx));
      return { kind: "returned", result, children: run.children, runtimeMs: performance.now() - beganAt };
    } catch (error) {
      return outcomeOf(error, task, run.children);
    } finally {
      run.ended = true;
    }
  };
}

/** After its soft limit a task may still clean up; after everything else nobody listens to it any more. */
function ends(reason: unknown): boolean {
  return !(reason instanceof PythonError && reason.type === "SoftTimeLimitExceeded");
}

async function attempt(task: RegisteredTask, ctx: TaskContext): Promise<Value> {
  try {
    return await task.run(ctx, ctx.request.args, ctx.request.kwargs);
  } catch (error) {
    if (error instanceof Ignore || error instanceof Reject || error instanceof Retry) throw error;
    const delay = autoretryDelay(task.options, error, ctx.retries);
    if (delay === null) throw error;
    return ctx.retry({ cause: error, countdown: delay });
  }
}

function outcomeOf(error: unknown, task: RegisteredTask, children: Run["children"]): Outcome {
  if (error instanceof Retry) {
    const cause = error.cause === undefined ? null : raisedException(error.cause);
    return { kind: "retry", wish: error.wish, cause, traceback: raisedException(error).traceback, children };
  }
  if (error instanceof Ignore) return { kind: "ignored" };
  if (error instanceof Reject) return { kind: "rejected", requeue: error.requeue, exception: raisedException(error) };
  return raised(
    error,
    children,
    (task.options.throws ?? []).some((expected) => error instanceof expected),
  );
}

function raised(error: unknown, children: Run["children"], expected: boolean): Outcome {
  return { kind: "raised", exception: raisedException(error), children, expected };
}
