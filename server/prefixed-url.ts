/**
 * The address under the prefix, as the pages know it. A proxy in front may have stripped the prefix or left it; and who asks the
 * process itself, such as a probe, may know nothing of it.
 */
export function prefixedUrl(url: string, prefix: string): string {
  const isUnder = url.startsWith(prefix) && /^(?:$|[/?])/.test(url.slice(prefix.length));
  if (isUnder) return url;
  return prefix + (prefix === "" ? url : url.replace(/^\/(?=$|\?)/, ""));
}
