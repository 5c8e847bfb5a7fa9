import { reasonOf } from "../../lib/errors.ts";
import { loadApplication } from "../application-module.ts";
import { SoftTimeLimitExceeded } from "../errors.ts";
import { setLogLevel } from "../log.ts";
import { applicationExecutor } from "../run/application-executor.ts";
import type { ChildSettings, FromChild, ToChild } from "./child-protocol.ts";

/** How long what an application still does when its process shall end may keep it alive. */
const END_MS = 1_000;

/** The program of a child process: see `PoolChild`. */
async function main({ module, hostname, logLevel }: ChildSettings): Promise<void> {
  setLogLevel(logLevel);
  process.on("disconnect", () => process.exit()); // the worker was killed
  process.on("SIGINT", () => {}); // of a terminal: it is meant for the worker, which then ends us
  const app = await loadApplication(module);
  const execute = applicationExecutor(app, hostname);
  let endSoftly = () => {};
  // Celery's way to have the soft limit now. Without a listener Node would open its debugger.
  process.on("SIGUSR1", () => endSoftly());

  const run = async ({ request, softLimitMs }: Extract<ToChild, { say: "run" }>) => {
    const controller = new AbortController();
    endSoftly = () => controller.abort(new SoftTimeLimitExceeded());
    const timer = softLimitMs === null ? undefined : setTimeout(endSoftly, softLimitMs);
    const outcome = await execute(request, controller.signal);
    clearTimeout(timer);
    endSoftly = () => {};
    tell({ say: "done", outcome, peakKb: process.resourceUsage().maxRSS });
  };

  const leave = () => {
    app.close();
    process.channel?.unref();
    setTimeout(() => process.exit(), END_MS).unref();
  };

  process.on("message", (message) => {
    const told = toChild(message);
    if (told.say === "run") void run(told);
    else leave();
  });
  tell({ say: "ready" });
}

function tell(message: FromChild): void {
  process.send?.(message, undefined, undefined, () => {}); // to a parent that is gone
}

/** Nobody but `PoolChild` writes into this channel, and it sends this type. */
function toChild(message: unknown): ToChild {
  return message as ToChild;
}

/** `PoolChild` alone starts this program, with its own type of argument. */
function settingsOf(argument: string | undefined): ChildSettings {
  return JSON.parse(argument ?? "") as ChildSettings;
}

main(settingsOf(process.argv[2])).catch((error: unknown) => {
  process.send?.({ say: "broken", reason: reasonOf(error) } satisfies FromChild, undefined, undefined, () => process.exit(1));
});
