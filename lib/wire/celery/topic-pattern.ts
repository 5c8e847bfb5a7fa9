type Token = { accepts: (character: string) => boolean; repeats: boolean };

/**
 * Matches routing keys against a topic binding's stored regular expression. Only the forms that Kombu writes are known:
 * `^`, escaped and literal characters, `.*?` (`#`), `.*?[^\.]` (`*` before Kombu 5.7), `[^\.]+` (`*` from 5.7), `$`. The
 * expression comes from the broker, so it is never given to an engine that backtracks; another one matches nothing.
 */
export function patternMatcher(pattern: string): (routingKey: string) => boolean {
  const tokens = tokenize(pattern);
  return tokens === null ? () => false : (routingKey) => matches(tokens, routingKey);
}

const FORM = /\.\*\?|\[\^\\\.\](\+?)|\\000|(?:\\([^\p{L}\p{N}])|([\p{L}\p{N}#]))(\*?)/uy;

function tokenize(pattern: string): Token[] | null {
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return null;
  const inner = pattern.slice(1, -1);
  const tokens: Token[] = [];
  FORM.lastIndex = 0;
  while (FORM.lastIndex < inner.length) {
    const form = FORM.exec(inner);
    if (form === null) return null;
    const [text, plus, escaped, literal, star] = form;
    if (text === ".*?") tokens.push({ accepts: any, repeats: true });
    else if (text === "\\000") tokens.push({ accepts: (character) => character === "\0", repeats: false });
    else if (escaped !== undefined || literal !== undefined) {
      const wanted = escaped ?? literal;
      tokens.push({ accepts: (character) => character === wanted, repeats: star === "*" });
    } else {
      tokens.push({ accepts: notDot, repeats: false });
      if (plus === "+") tokens.push({ accepts: notDot, repeats: true });
    }
  }
  return tokens;
}

const any = (character: string) => character !== "\n";
const notDot = (character: string) => character !== ".";

/** All positions in the pattern at once, so the time is the product of both lengths at worst. */
function matches(tokens: readonly Token[], text: string): boolean {
  let reached = skipRepeats(tokens, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const token = tokens[at];
      if (token?.accepts(character)) next.add(token.repeats ? at : at + 1);
    }
    if (next.size === 0) return false;
    reached = skipRepeats(tokens, next);
  }
  return reached.has(tokens.length);
}

function skipRepeats(tokens: readonly Token[], positions: Set<number>): Set<number> {
  // A set is visited in order of insertion, added members included.
  for (const at of positions) if (tokens[at]?.repeats) positions.add(at + 1);
  return positions;
}
