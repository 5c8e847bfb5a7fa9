type Kind = "date" | "time" | "timedelta" | "decimal" | "uuid" | "complex";

/** A value of Python for which JavaScript has no type of its own, as its text: it reads as that text, and is sent as what it was. */
export class PythonScalar {
  readonly kind: Kind;
  /** ISO 8601 for the times, decimal digits for a decimal, the canonical form for a UUID. */
  readonly text: string;

  constructor(kind: Kind, text: string) {
    this.kind = kind;
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** A datetime of Python as a Date, which knows neither microseconds nor a zone: as long as nobody changes it, it is sent as it was. */
export class PythonDatetime extends Date {
  readonly #text: string;
  readonly #at: number;

  /** @param text as Python's `isoformat()` writes it; without an offset it counts as UTC */
  constructor(text: string) {
    super(/(?:Z|[+-]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
    this.#text = text;
    this.#at = this.getTime();
  }

  /** Null once it was changed. */
  get text(): string | null {
    return this.getTime() === this.#at || Number.isNaN(this.#at) ? this.#text : null;
  }
}
