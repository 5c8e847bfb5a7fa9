/** Remembers the reader's zone, so that the next page is rendered in it. */
export const ZONE_COOKIE = "perennial-zone";
