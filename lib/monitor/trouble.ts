const REPEAT_MS = 60_000;

/** Says on standard error what goes wrong with a broker: each sentence at once, and again only once a minute. */
export class Trouble {
  readonly #broker: string;
  readonly #said = new Map<string, number>();

  constructor(broker: string) {
    this.#broker = broker;
  }

  report(duty: string, reason: string): void {
    const line = `${this.#broker}: ${duty}: ${reason}`;
    const now = Date.now();
    if (now - (this.#said.get(line) ?? 0) < REPEAT_MS) return;
    if (this.#said.size > 1_000) this.#said.clear();
    this.#said.set(line, now);
    console.error(`perennial: ${line}`);
  }
}
