import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { AppError } from "../lib/errors.ts";

/**
 * The prefix that pages are built with. Next writes it into scripts, manifests and links, and it is chosen when Perennial is started,
 * not when it is built: so the server runs from a copy of the build in which this word is replaced.
 */
export const BUILT_PREFIX = "/__perennial__";

const ROOT = resolve(import.meta.dirname, "..");
const BUILD = join(ROOT, ".next");
/** Next empties its folder when it builds, so copies of an older build go with it. */
const COPIES = join(BUILD, "at");

/** What a build leaves for the next build or for tracing, and what is no use to a server. */
const NOT_SERVED = /^(?:at|cache|dev|diagnostics|types|turbopack|trace|trace-build)$|\.(?:map|nft\.json)$/;

export interface BuiltPages {
  /** The folder to start Next in. */
  dir: string;
  /** To be called when the server has ended. */
  release(): void;
}

/** A copy of the build for one prefix, such as `/ops/celery` or empty. Made once, unless the build's folder cannot be written to. */
export function builtPages(prefix: string): BuiltPages {
  if (!existsSync(join(BUILD, "BUILD_ID"))) throw new AppError("not-found", "The pages are not built yet: run `npm run build` first");
  const dir = join(COPIES, createHash("sha256").update(prefix).digest("hex").slice(0, 12));
  if (existsSync(dir)) return { dir, release() {} };
  const made = makeFolder();
  copyBuild(BUILD, join(made.dir, ".next"), prefix);
  for (const name of ["next.config.mjs", "node_modules", "package.json", "public"]) {
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(made.dir, name));
  }
  if (!made.keep) return { dir: made.dir, release: () => rmSync(made.dir, { recursive: true, force: true }) };
  moveTo(made.dir, dir);
  return { dir, release() {} };
}

/** Beside the build; where that is read-only, as in many containers, in the folder for temporary files. */
function makeFolder(): { dir: string; keep: boolean } {
  try {
    mkdirSync(COPIES, { recursive: true });
    return { dir: mkdtempSync(join(COPIES, "new-")), keep: true };
  } catch {
    return { dir: mkdtempSync(join(tmpdir(), "perennial-")), keep: false };
  }
}

/** Another process may have made the same copy meanwhile; then its copy serves both. */
function moveTo(from: string, to: string): void {
  try {
    chmodSync(from, 0o755); // who starts it next may be another user
    renameSync(from, to);
  } catch (error) {
    rmSync(from, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

function copyBuild(from: string, to: string, prefix: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (NOT_SERVED.test(entry.name)) continue;
    const source = join(from, entry.name);
    const copy = join(to, entry.name);
    if (entry.isDirectory()) copyBuild(source, copy, prefix);
    else {
      const bytes = readFileSync(source);
      // One byte is one character in latin1, so fonts and pictures would come through unchanged as well.
      if (bytes.includes(BUILT_PREFIX)) writeFileSync(copy, bytes.toString("latin1").replaceAll(BUILT_PREFIX, prefix), "latin1");
      else writeFileSync(copy, bytes);
    }
  }
}
