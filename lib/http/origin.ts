import { AppError } from "../errors.ts";

/**
 * Refuses a write that another site's page sends with the operator's browser. Browsers say where a request comes from in
 * `Sec-Fetch-Site` (on https and on localhost) or else in `Origin`; scripts send neither and pass. The JSON content type,
 * which a plain form cannot send, makes browsers ask for a permission that we never give.
 */
export function requireSameOrigin(headers: Headers): void {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new AppError("bad-input", "Send the request as Content-Type: application/json");
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") throw new AppError("refused", "Requests from other sites are refused");
  const origin = headers.get("origin");
  if (site === null && origin !== null && !ownHosts(headers).includes(hostOf(origin))) {
    throw new AppError("refused", "Requests from other origins are refused");
  }
}

/** A proxy may put its own name into Host; no page can set either header. */
function ownHosts(headers: Headers): (string | null)[] {
  return [headers.get("host"), headers.get("x-forwarded-host")].map((host) => host?.toLowerCase() ?? null);
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}
