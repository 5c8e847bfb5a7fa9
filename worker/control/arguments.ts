import { listOf, numberOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";

/** The arguments of a remote control request. */
export class Arguments {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(entries: Iterable<readonly [string, Value]>) {
    this.#values = new Map(entries);
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  text(name: string): string | null {
    return textOf(this.#values.get(name));
  }

  /** From the command line they come as texts. */
  number(name: string): number | null {
    const value = this.#values.get(name);
    if (typeof value === "string") return value.trim() === "" || Number.isNaN(Number(value)) ? null : Number(value);
    return numberOf(value);
  }

  flag(name: string): boolean {
    const value = this.#values.get(name);
    return value === true || (typeof value === "number" && value !== 0) || (typeof value === "string" && /^(1|yes|true|on)$/i.test(value));
  }

  /** One text or a list of them. */
  texts(name: string): string[] {
    const value = this.#values.get(name);
    if (typeof value === "string") return [value];
    return (listOf(value) ?? []).filter((item) => typeof item === "string");
  }
}
