/** Keys of RedBeat (2.4), in the database of `redbeat_redis_url`, else the broker's. `prefix` is `redbeat_key_prefix`. */
export function redbeatKeys(prefix: string) {
  return {
    /** sorted set: entry key → next due time in epoch seconds; a score below 0 is never due again. */
    schedule: `${prefix}:schedule`,
    /** set: names of the entries that come from the application's settings. */
    statics: `${prefix}:statics`,
    /** string: token of the active beat; exists while one runs. */
    lock: `${prefix}:lock`,
    /** hash with the fields `definition` and `meta`. */
    entry: (name: string) => `${prefix}${name}`,
    /** Name of an entry, from a member of the schedule; null when it is none. */
    entryName: (key: string) => (key.startsWith(prefix) && key.length > prefix.length ? key.slice(prefix.length) : null),
  };
}
