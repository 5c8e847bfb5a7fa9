/** A frame of a Python traceback, or lines between frames (`Traceback …`, the exception, `During handling …`). */
export type Piece =
  | { kind: "frame"; file: string; line: number; where: string; code: string[]; library: boolean }
  | { kind: "text"; lines: string[] };

/** Frames of libraries that follow each other are folded into one. */
export type Group = { kind: "frames"; frames: Extract<Piece, { kind: "frame" }>[]; library: boolean } | { kind: "text"; lines: string[] };

const FRAME = /^\s*File "(.*)", line (\d+)(?:, in (.*))?$/;
const LIBRARY = /(?:site-packages|dist-packages|[/\\]lib(?:64)?[/\\]python\d|^<frozen |^<string>|[/\\]Lib[/\\])/;

/** Takes a traceback apart. What does not look like one stays text. */
export function readTraceback(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const line of text.split("\n")) {
    const match = FRAME.exec(line);
    const last = pieces.at(-1);
    if (match) {
      const file = match[1] ?? "";
      pieces.push({ kind: "frame", file, line: Number(match[2]), where: match[3] ?? "", code: [], library: LIBRARY.test(file) });
    } else if (last?.kind === "frame" && /^\s{4}/.test(line)) last.code.push(line.slice(4));
    else if (last?.kind === "text") last.lines.push(line);
    else if (line.trim() !== "") pieces.push({ kind: "text", lines: [line] });
  }
  return pieces;
}

/** Neighbours of one kind together, in the order of the text. */
export function groupFrames(pieces: readonly Piece[]): Group[] {
  const groups: Group[] = [];
  for (const piece of pieces) {
    const last = groups.at(-1);
    if (piece.kind === "text") groups.push(piece);
    else if (last?.kind === "frames" && last.library === piece.library) last.frames.push(piece);
    else groups.push({ kind: "frames", frames: [piece], library: piece.library });
  }
  return groups;
}
