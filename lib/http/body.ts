import { AppError } from "../errors.ts";

const MAX_BYTES = 10_000_000;

/** The JSON of a request's body; `bad-input` when it is none, or more than `maxBytes`. Reads no further than that. */
export async function jsonBody(request: Request, maxBytes = MAX_BYTES): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new AppError("bad-input", `The body is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    throw new AppError("bad-input", "The body is not JSON");
  }
}
