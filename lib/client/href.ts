/** Written into the pages when they are built, and again when they are laid out for the prefix that the server was told. */
const PREFIX = process.env["PAGES_PREFIX"] ?? "";

/**
 * The address in the browser of a path of ours: for fetch, EventSource, downloads and plain anchors. Links and the router take the
 * path itself and add the prefix on their own.
 */
export function href(path: `/${string}`): string {
  return PREFIX + path;
}
