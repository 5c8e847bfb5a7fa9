import { Agent, request } from "node:http";

export interface Answer {
  status: number;
  body: string;
  /** From sending the request to the last byte. */
  ms: number;
}

/** Asks one server over one connection that is kept, as a browser or a script does. Rejects when it cannot be reached. */
export class Asker {
  readonly #address: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address: string) {
    this.#address = address;
  }

  async get(path: string): Promise<Answer> {
    const begunAt = performance.now();
    return new Promise((resolve, reject) => {
      request(`${this.#address}${path}`, { agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString(), ms: performance.now() - begunAt }),
        );
      })
        .on("error", reject)
        .end();
    });
  }

  /** Throws for an answer that is no success. */
  async json(path: string): Promise<unknown> {
    const { status, body } = await this.get(path);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 500)}`);
    return JSON.parse(body);
  }

  close(): void {
    this.#agent.destroy();
  }
}
