const TASK = "celery-task-meta-";
const GROUP = "celery-taskset-meta-";

/**
 * What stands in front of the key names in the result backend for a `global_keyprefix` of
 * `result_backend_transport_options`: nothing in Celery 5.2, the prefix and `_` in 5.3 and 5.4, and from 5.5 the `_` only
 * when the prefix does not end in a separator. `version` is a release such as `5.6.3` (`sw_ver` of a worker's events).
 */
export function resultKeyPrefix(globalKeyprefix: string, version: string): string {
  if (globalKeyprefix === "") return "";
  const [major = 5, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const release = major * 100 + minor;
  if (release < 503) return "";
  if (release < 505) return `${globalKeyprefix}_`;
  return /[:_\-.]$/.test(globalKeyprefix) ? globalKeyprefix : `${globalKeyprefix}_`;
}

/** Keys and channels of the result backend. A meta's channel has the name of its key, without a database number. */
export function resultKeys(prefix: string) {
  return {
    /** string: meta of a task; also the channel on which it is published. */
    task: (id: string) => `${prefix}${TASK}${id}`,
    /** Glob of the metas' keys and channels. */
    taskPattern: `${escapeGlob(prefix)}${TASK}*`,
    /** Task id of a meta's key or channel, or null when it is none of ours. */
    taskId: (key: string) => idOf(key, `${prefix}${TASK}`),
    /** string: saved group, or the structure of a complex chord's header. */
    group: (id: string) => `${prefix}${GROUP}${id}`,
    /** Group id and part of a key of a group or chord, or null when it is none. */
    groupId: (key: string): { id: string; part: ChordKeyPart | null } | null => {
      const id = idOf(key, `${prefix}${GROUP}`);
      if (id === null) return null;
      const part = CHORD_KEYS.get(id.slice(-2));
      return part === undefined ? { id, part: null } : { id: id.slice(0, -2), part };
    },
    groupPattern: `${escapeGlob(prefix)}${GROUP}*`,
    /** string: number of parts expected. */
    chordSize: (groupId: string) => `${prefix}${GROUP}${groupId}.s`,
    /** sorted set (list when `result_chord_ordered` is off): the finished parts. */
    chordParts: (groupId: string) => `${prefix}${GROUP}${groupId}.j`,
    /** string: parts added while the chord runs. */
    chordExtra: (groupId: string) => `${prefix}${GROUP}${groupId}.t`,
    /** set, from Celery 5.7: parts already counted. */
    chordCounted: (groupId: string) => `${prefix}${GROUP}${groupId}.d`,
    /** string, from Celery 5.7: claim on sending the body, then `done`. */
    chordClaim: (groupId: string) => `${prefix}${GROUP}${groupId}.c`,
  };
}

export type ChordKeyPart = "size" | "parts" | "extra" | "counted" | "claim";

const CHORD_KEYS = new Map<string, ChordKeyPart>([
  [".s", "size"],
  [".j", "parts"],
  [".t", "extra"],
  [".d", "counted"],
  [".c", "claim"],
]);

function idOf(key: string, prefix: string): string | null {
  return key.startsWith(prefix) && key.length > prefix.length ? key.slice(prefix.length) : null;
}

/** The text as a Redis glob that matches exactly it. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&");
}
