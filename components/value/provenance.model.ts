const SOURCES: Record<string, string> = {
  queue: "from its message in the queue",
  unacked: "from its message, which a worker holds",
  result: "from its stored result",
  inspect: "from what its worker answered",
  event: "from an event",
  inbox: "from the inbox",
  operator: "from the operator who sent it",
  leader: "concluded",
};

/** Where a value came from, in words. A repr is what Python printed, not the value itself. */
export function provenanceOf(source: string, form: "repr" | "value"): string {
  const words = Object.hasOwn(SOURCES, source) ? SOURCES[source] : undefined;
  return `${words ?? `from ${source}`}${form === "repr" ? ", as Python prints it" : ""}`;
}
