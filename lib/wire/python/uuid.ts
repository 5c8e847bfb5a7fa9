/** The canonical form of a UUID from its 32 hexadecimal digits, with or without dashes. */
export function uuidText(digits: string): string | undefined {
  const hex = digits.replaceAll("-", "").toLowerCase();
  const groups = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(hex);
  return groups?.slice(1).join("-");
}
