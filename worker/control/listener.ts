import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { reasonOf } from "../../lib/errors.ts";
import { decodeBody, decodeEnvelope } from "../../lib/wire/celery/envelope.ts";
import { escapeGlob } from "../../lib/wire/celery/result-key.ts";
import { type PidboxCall, decodePidboxCall, encodePidboxReply, isMeantFor } from "../../lib/wire/celery/pidbox-call.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Bindings } from "../broker/bindings.ts";
import { PythonError } from "../errors.ts";
import { logFailure } from "../log.ts";
import { persevere } from "../persevere.ts";
import { misfit } from "../task/handler.ts";
import { exceptionRepr, raisedException } from "../task/raised.ts";
import { Arguments } from "./arguments.ts";
import { inspectCommands } from "./inspect-commands.ts";
import type { Command, Node } from "./node.ts";
import { taskCommands } from "./task-commands.ts";
import { workerCommands } from "./worker-commands.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map(Object.entries({ ...inspectCommands, ...taskCommands, ...workerCommands }));

/** Commands that know no arguments: anything given to them is an error, as in Celery. */
const WITHOUT_ARGUMENTS = new Set(["report", "enable_events", "disable_events", "heartbeat", "active_queues"]);

/** Arguments that commands cannot do without. */
const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map([
  ["rate_limit", ["task_name", "rate_limit"]],
  ["add_consumer", ["queue"]],
  ["cancel_consumer", ["queue"]],
]);

/** Hears remote control and what other workers tell of themselves, and answers. Nothing that is published can make it deaf. */
export class ControlListener {
  readonly #node: Node;
  readonly #subscriber: Redis;
  readonly #redis: Redis;
  readonly #bindings: Bindings;

  constructor(node: Node, connections: { subscriber: Redis; redis: Redis; bindings: Bindings }) {
    this.#node = node;
    this.#subscriber = connections.subscriber;
    this.#redis = connections.redis;
    this.#bindings = connections.bindings;
  }

  /** Resolves when requests are heard. */
  async start(): Promise<void> {
    const { keys } = this.#node.settings;
    const control = escapeGlob(keys.controlChannel);
    const workers = escapeGlob(keys.fanoutChannel(keys.options.eventExchange, "worker.")) + "*";
    this.#subscriber.on("pmessage", (pattern: string, _channel: string, text: string) => {
      if (pattern === control) this.#requested(text);
      else this.#heard(text);
    });
    const patterns = [control, ...(this.#node.gossip === null ? [] : [workers])];
    // This fails only with the connection, which will be ready again.
    this.#subscriber.on("ready", () => void this.#subscriber.psubscribe(...patterns).catch(() => {}));
    await persevere(() => this.#subscriber.psubscribe(...patterns), this.#node.log);
  }

  #requested(text: string): void {
    const call = decodePidboxCall(text);
    if (!call.ok) return this.#node.log({ level: "warning", text: "a control message cannot be read", about: { reason: call.reason } });
    this.#node.clock.adjust(call.value.clock);
    if (isMeantFor(call.value, this.#node.hostname)) logFailure(this.#node.log, "a request was not answered", this.#answer(call.value));
  }

  async #answer(call: PidboxCall): Promise<void> {
    const payload = await this.#carryOut(call);
    const { replyTo, ticket } = call;
    if (payload === undefined || replyTo === null) return;
    const { hostname, clock, settings } = this.#node;
    const reply = encodePidboxReply({
      node: hostname,
      payload,
      call: { ticket, replyTo },
      clock: clock.forward(),
      deliveryTag: randomUUID(),
    });
    if (!reply.ok) throw new TypeError(reply.reason);
    for (const queue of await this.#bindings.targets(replyTo.exchange, replyTo.routingKey)) {
      await this.#redis.lpush(settings.keys.queueList(queue, 0), reply.value);
    }
  }

  async #carryOut(call: PidboxCall): Promise<Value | undefined> {
    const { method } = call;
    const args = new Arguments(call.arguments);
    try {
      const command = COMMANDS.get(method);
      if (command === undefined) throw new PythonError("KeyError", [method]);
      const [first] = args.names;
      if (first !== undefined && WITHOUT_ARGUMENTS.has(method)) {
        throw new PythonError("TypeError", [`${method}() got an unexpected keyword argument '${first}'`]);
      }
      const required = REQUIRED.get(method) ?? [];
      const given = args.names.filter((name) => required.includes(name));
      const problem = misfit(required, required.length, 0, given);
      if (problem !== null) throw new PythonError("TypeError", [`${method}() ${problem}`]);
      return await command(this.#node, args);
    } catch (error) {
      const { type, args: parts } = raisedException(error);
      this.#node.log({ level: "warning", text: "a command failed", about: { method, reason: reasonOf(error) } });
      return dict([["error", exceptionRepr(type, parts)]]);
    }
  }

  #heard(text: string): void {
    const envelope = decodeEnvelope(text);
    const body = envelope.ok ? decodeBody(envelope.value) : envelope;
    if (!envelope.ok || !body.ok || envelope.value.headers?.["hostname"] === this.#node.hostname) return;
    this.#node.gossip?.heard(body.value);
  }
}
