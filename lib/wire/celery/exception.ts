import { splitArguments, unquote } from "./python-repr.ts";

export type PythonException = {
  /** Class name, with its module where the traceback tells it; null when nothing tells it. */
  type: string | null;
  message: string;
};

export type ExceptionSummary = PythonException & {
  /** All exceptions of the traceback, causes first; the last one is what was raised in the end. */
  chain: PythonException[];
};

/**
 * Type and message of what a `task-failed` or `task-retried` event carries. `exception` is a repr, of the cause in
 * `task-retried`, and useless (`ExceptionWithTraceback()`) after a hard time limit or a lost process, where the last line
 * of the traceback tells. A traceback that names the same class gives its module, and its message as `str()` has it.
 */
export function readException(exception: string | null, traceback: string | null): ExceptionSummary {
  const chain = readTraceback(traceback ?? "");
  const raised = chain.at(-1);
  const told = exception === null ? null : readExceptionRepr(exception);
  if (told === null || told.type === "ExceptionWithTraceback") {
    return { ...(raised ?? { type: null, message: told === null ? (exception ?? "") : "" }), chain };
  }
  const same = chain.findLast((link) => link.type !== null && simpleName(link.type) === simpleName(told.type ?? ""));
  return { ...(same ?? told), chain };
}

/** Type and message of an exception's repr; null when the text does not look like one. */
export function readExceptionRepr(text: string): PythonException | null {
  const call = text.trim();
  const open = call.indexOf("(");
  const type = call.slice(0, Math.max(open, 0));
  if (!call.endsWith(")") || type.length > MAX_NAME || !NAME.test(type)) return readOddRepr(call);
  const inner = call.slice(open + 1, -1);
  const args = splitArguments(inner);
  if (type === "Retry") return readRetry(args);
  const [only, ...others] = args;
  return { type, message: only !== undefined && others.length === 0 ? (unquote(only) ?? only) : inner };
}

const NAME = /^[\p{L}_][\p{L}\p{N}_.]*$/u;
const MAX_NAME = 500;

/** `Retry(Retry(...), ConnectionError('x'), 0.4)` of the threads pool: what is told is the cause, or its repr as text. */
function readRetry(args: string[]): PythonException {
  const [message = "", cause = "None"] = args;
  const told = readExceptionRepr(unquote(cause) ?? cause);
  if (told !== null) return told;
  return { type: "celery.exceptions.Retry", message: unquote(message) ?? "" };
}

/** Classes with a `__repr__` of their own. */
function readOddRepr(text: string): PythonException | null {
  if (text.startsWith("reject requeue=")) return { type: "celery.exceptions.Reject", message: text };
  if (!text.startsWith("<") || !text.endsWith(">")) return null;
  const inner = text.slice(1, -1);
  const end = inner.search(/[^\p{L}\p{N}_.]/u);
  const type = end < 0 ? inner : inner.slice(0, end);
  return type.length <= MAX_NAME && NAME.test(type) ? { type, message: inner.slice(type.length).replace(/^[\s:]+/, "") } : null;
}

function simpleName(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

const CAUSE = "The above exception was the direct cause of the following exception:";
const CONTEXT = "During handling of the above exception, another exception occurred:";
const BETWEEN = new RegExp(`\n\n(?:${CAUSE}|${CONTEXT})\n\n`);

/** Processes that one traceback has come through; nobody passes more on. */
const MAX_DEPTH = 8;

/** The exceptions of a Python traceback's text, causes first. Those that a pool process sent along are among them. */
export function readTraceback(text: string, depth = 0): PythonException[] {
  const chain: PythonException[] = [];
  for (const part of splitChain(text)) {
    const remote = depth < MAX_DEPTH ? remoteText(part.trim()) : null;
    const found = remote === null ? [readPart(part)] : readTraceback(remote, depth + 1);
    for (const exception of found) {
      const last = chain.at(-1);
      if (exception !== null && !(last?.type === exception.type && last?.message === exception.message)) {
        chain.push(exception);
      }
    }
  }
  return chain;
}

/** The text between the quotes of a `RemoteTraceback`, which carries the traceback of another process. */
function remoteText(part: string): string | null {
  const open = remoteStart(part);
  return open >= 0 && part.endsWith('"""') && part.length >= open + 3 ? part.slice(open, -3) : null;
}

/** Index behind the opening quotes, or -1 when the text is no remote traceback. */
function remoteStart(part: string): number {
  const header = /^[\w.]*RemoteTraceback:[^\n]*\n"""/.exec(part);
  return header === null ? -1 : header[0].length;
}

/** A remote traceback holds a chain of its own between its quotes, so the text is cut only outside of them. */
function splitChain(text: string): string[] {
  const parts: string[] = [];
  let open = false;
  for (const piece of text.split(BETWEEN)) {
    if (open) parts.push(`${parts.pop() ?? ""}\n\n${CAUSE}\n\n${piece}`);
    else parts.push(piece);
    open = (open || remoteStart(piece.trimStart()) >= 0) && !piece.trimEnd().endsWith('"""');
  }
  return parts;
}

/** One exception with its stack: indented lines, then `type: message`, whose message may run over several lines. */
function readPart(part: string): PythonException | null {
  const lines = part.split("\n");
  const start = lines.findIndex((line) => line.includes("Traceback (most recent call last):"));
  const group = /^(\s*)\+ /.exec(lines[start] ?? "");
  const stripped = group === null ? lines : ungroup(lines.slice(start));
  const from = start < 0 ? 0 : group === null ? start + 1 : 1;
  const head = stripped.findIndex((line, index) => index >= from && line !== "" && !/^\s/.test(line));
  const line = stripped[head] ?? "";
  const colon = line.indexOf(":");
  const type = (colon < 0 ? line : line.slice(0, colon)).replaceAll("<locals>", "locals");
  if (type.length > MAX_NAME || !NAME.test(type)) return null;
  const message = [colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, ""), ...stripped.slice(head + 1)].join("\n").trimEnd();
  return { type: line.slice(0, colon < 0 ? line.length : colon), message };
}

/** The lines of an exception group's own part, without the frame that is drawn around them. */
function ungroup(lines: string[]): string[] {
  const end = lines.findIndex((line) => /^\s*\+-\+-/.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.replace(/^\s*[|+] ?/, ""));
}
