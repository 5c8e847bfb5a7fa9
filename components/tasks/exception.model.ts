/** An exception in one line. Texts often begin with the type already; it is not said twice. */
export function exceptionWords(type: string | null, text: string | null): string {
  if (type === null || text === null || text === "") return type ?? text ?? "";
  return beginsWithType(type, text) ? text : `${type}: ${text}`;
}

/** Whether the text says its type itself, with or without the module. */
export function beginsWithType(type: string, text: string): boolean {
  const said = /^[\w.]+(?=[:(]|$)/.exec(text)?.[0];
  return said !== undefined && bareName(said) === bareName(type);
}

function bareName(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}
