/** What Next hands to a page. */
export interface PageAddress<Params = Record<never, never>> {
  params: Promise<Params>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The query string of a page, in the form that the browser has it in. */
export async function searchOf(address: Pick<PageAddress, "searchParams">): Promise<URLSearchParams> {
  const entries = Object.entries(await address.searchParams).flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each]));
  return new URLSearchParams(entries);
}

/** A path value as its link meant it; Next hands it to pages as it stands in the address. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
